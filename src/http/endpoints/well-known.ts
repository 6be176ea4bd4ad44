import { createHash } from 'node:crypto';
import type { PublishedKeySetReader } from '../../keys/published-key-set.ts';
import { endpoints } from '../../oauth/endpoints.ts';
import { authorizationServerMetadata } from '../../oauth/metadata.ts';
import { ok } from '../../result.ts';
import { Unavailable } from '../../unavailable.ts';
import type { RequestHandler } from '../endpoint.ts';
import { json } from '../http-response.ts';
import { routePath } from '../route-key.ts';

interface WellKnownOptions {
  readonly issuer: string;
  /** The algorithm of the first keys, which the metadata states before they exist. */
  readonly signingAlgorithm: string;
  readonly keySet: PublishedKeySetReader;
}

/** The documents of a stage by the path of their route: the content of each, and for how many seconds it may be cached. */
const documents = ({ issuer, signingAlgorithm, keySet }: WellKnownOptions) => {
  const metadata = {
    maxAge: 3_600,
    read: async (): Promise<unknown> => {
      // During a change of the algorithm tokens are signed with the old one: the published keys have both.
      const algorithms = (await keySet.find())?.keys.map(({ alg }) => alg) ?? [signingAlgorithm];
      return authorizationServerMetadata(issuer, [...new Set(algorithms)]);
    },
  };
  return new Map<string, { maxAge: number; read: () => Promise<unknown> }>([
    // RFC 8414 §3
    [endpoints.authorizationServerMetadata, metadata],
    // API Gateway and OpenID Connect libraries expect the same document here (RFC 8414 §5).
    [endpoints.openidConfiguration, metadata],
    // RFC 7517 §5. A short time, so that caches soon drop a revoked key.
    [
      endpoints.jwks,
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

/** `GET /.well-known/…`: metadata (RFC 8414) and published keys (RFC 7517). */
export function wellKnownEndpoint(options: WellKnownOptions): RequestHandler {
  const byPath = documents(options);
  return async ({ routeKey, headers }) => {
    const document = byPath.get(routePath(routeKey));
    if (!document) throw new Error('API Gateway sent a request to this function that it has no document for');
    const body = await document.read();
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
    const caching = { 'cache-control': `public, max-age=${document.maxAge}`, etag };
    // RFC 9110 §13.1.2
    if (matchesEtag(headers['if-none-match'], etag)) return ok({ statusCode: 304, headers: caching });
    return ok(json(200, body, caching));
  };
}

/** Whether `If-None-Match` contains a tag: any of its list, by weak comparison (RFC 9110 §13.1.2). */
const matchesEtag = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
