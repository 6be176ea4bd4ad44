import { createHash } from 'node:crypto';
import type { PublishedKeySetReader } from '../keys/published-key-set.ts';
import { authorizationServerMetadata } from '../oauth/metadata.ts';
import { ok } from '../result.ts';
import { Unavailable } from '../unavailable.ts';
import type { EndpointOptions } from './endpoint.ts';
import { json } from './response.ts';

/** The documents of a stage: what each holds, and for how many seconds it may be kept. */
const documents = (issuer: string, keySet: PublishedKeySetReader) => {
  const metadata = { maxAge: 3_600, read: async (): Promise<unknown> => authorizationServerMetadata(issuer) };
  return new Map([
    // RFC 8414 §3
    ['/.well-known/oauth-authorization-server', metadata],
    // Where API Gateway and OpenID Connect libraries look for the same (RFC 8414 §5).
    ['/.well-known/openid-configuration', metadata],
    // RFC 7517 §5. Short, so that a key that leaked is soon forgotten.
    [
      '/.well-known/jwks.json',
      {
        maxAge: 300,
        read: async () => {
          const set = await keySet.find();
          if (!set) throw new Unavailable('The key set', new Error('not rotated yet'));
          return set;
        },
      },
    ],
  ]);
};

/** `GET /.well-known/…` over HTTP. */
export function wellKnownRequest(issuer: string, keySet: PublishedKeySetReader): EndpointOptions['handle'] {
  const byPath = documents(issuer, keySet);
  return async ({ path, headers }) => {
    const document = byPath.get(path);
    if (!document) throw new Error('API Gateway routes a path here that has no document');
    const body = await document.read();
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
    const caching = { 'cache-control': `public, max-age=${document.maxAge}`, etag };
    // RFC 9110 §13.1.2
    if (headers['if-none-match'] === etag) return ok({ statusCode: 304, headers: caching });
    return ok(json(200, body, caching));
  };
}
