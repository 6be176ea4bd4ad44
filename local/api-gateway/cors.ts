import type { IncomingHttpHeaders } from 'node:http';

/** `CorsConfiguration` of an HTTP API. */
export interface CorsConfiguration {
  /** `*`, `https://*`, `http://*`, or an origin as browsers send it (RFC 6454 §6.2). */
  readonly allowOrigins: readonly string[];
  readonly allowMethods: readonly string[];
  readonly allowHeaders: readonly string[];
  readonly exposeHeaders: readonly string[];
  /** Seconds for which a browser may keep the response to a preflight. */
  readonly maxAge: number | undefined;
  readonly allowCredentials: boolean;
}

type Headers = Pick<IncomingHttpHeaders, 'origin' | 'access-control-request-method'>;

/**
 * The headers that every response to a request has, whoever gives the response. API Gateway documents that a request
 * must have `Origin`, and one with the method OPTIONS `Access-Control-Request-Method` too. The headers state what is
 * allowed, and the browser decides.
 */
export function corsHeaders(
  method: string | undefined,
  headers: Headers,
  cors: CorsConfiguration,
): Readonly<Record<string, string>> {
  const isPreflight = method === 'OPTIONS';
  const allowed = allowedOrigin(headers['origin'], cors);
  if (allowed === undefined) return {};
  if (isPreflight && headers['access-control-request-method'] === undefined) return {};
  return {
    'access-control-allow-origin': allowed,
    ...(cors.allowCredentials && { 'access-control-allow-credentials': 'true' }),
    ...(isPreflight
      ? {
          ...list('access-control-allow-methods', cors.allowMethods),
          ...list('access-control-allow-headers', cors.allowHeaders),
          ...(cors.maxAge !== undefined && { 'access-control-max-age': String(cors.maxAge) }),
        }
      : list('access-control-expose-headers', cors.exposeHeaders)),
  };
}

const list = (name: string, values: readonly string[]): Readonly<Record<string, string>> =>
  values.length > 0 ? { [name]: values.join(',') } : {};

/** The value of `Access-Control-Allow-Origin`; undefined for a request without an origin, or with another one. */
function allowedOrigin(origin: string | undefined, { allowOrigins }: CorsConfiguration): string | undefined {
  if (origin === undefined) return undefined;
  if (allowOrigins.includes('*')) return '*';
  const isAllowed = allowOrigins.some((pattern) =>
    pattern.endsWith('*') ? origin.startsWith(pattern.slice(0, -1)) : origin === pattern,
  );
  return isAllowed ? origin : undefined;
}

/** API Gateway ignores these headers of an integration if the API has a CORS configuration. */
export const isCorsHeader = (name: string): boolean => name.startsWith('access-control-');
