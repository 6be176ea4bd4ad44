import { Duration } from 'aws-cdk-lib';
import { CorsHttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import type { CorsPreflightOptions } from 'aws-cdk-lib/aws-apigatewayv2';
import { isWebOrigin } from '../../src/clients/web-origin.ts';
import type { StageRecord } from '../stages.ts';

/** The methods of our routes and of the API behind them. Add those of your own API. */
const methods = [
  CorsHttpMethod.GET,
  CorsHttpMethod.HEAD,
  CorsHttpMethod.POST,
  CorsHttpMethod.PUT,
  CorsHttpMethod.DELETE,
];

/** The request headers that clients send and that a browser asks permission for. */
const requestHeaders = ['authorization', 'content-type', 'dpop'];

/** The response headers that a page may read besides those that the Fetch standard safelists. */
const responseHeaders = [
  // RFC 9449 §8
  'dpop-nonce',
  // RFC 9110 §11.6.1, and the name that AWS may give it
  'www-authenticate',
  'x-amzn-remapped-www-authenticate',
  // RFC 9110 §10.2.3
  'retry-after',
  // RFC 9110 §12.5.1 and §12.5.3: what a response of 415 says is supported
  'accept',
  'accept-encoding',
  // Commerce Layer's names
  'x-ratelimit-limit',
  'x-ratelimit-interval',
  'x-ratelimit-remaining',
];

/**
 * The CORS configuration of a stage's HTTP API. Credentials are never allowed: in CORS they are cookies, which no
 * endpoint reads. A token is in a header that the page sets.
 */
export function corsOf({
  name,
  cors: { origins },
}: Pick<StageRecord, 'name' | 'cors'>): CorsPreflightOptions | undefined {
  const unknown = origins.find((origin) => !isOriginOrWildcard(origin));
  if (unknown !== undefined) {
    throw new Error(
      `${name}: cors.origins must be *, https://*, http://* or origins such as https://shop.example.com, and ${unknown} is not`,
    );
  }
  if (origins.length === 0) return undefined;
  return {
    allowOrigins: [...origins],
    allowMethods: methods,
    allowHeaders: requestHeaders,
    exposeHeaders: responseHeaders,
    // Chromium keeps no response to a preflight for longer.
    maxAge: Duration.hours(2),
  };
}

/** The forms that API Gateway documents. An origin has the form in which browsers send it (RFC 6454 §6.2). */
const isOriginOrWildcard = (origin: string): boolean =>
  ['*', 'https://*', 'http://*'].includes(origin) || (/^https?:/.test(origin) && isWebOrigin(origin));
