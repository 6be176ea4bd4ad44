import { createHash } from 'node:crypto';
import type { PublishedKeySetReader } from '../../keys/published-key-set.ts';
import { endpoints } from '../../oauth/endpoints.ts';
import { authorizationServerMetadata, openidConfiguration } from '../../oauth/metadata.ts';
import { ok } from '../../result.ts';
import { Unavailable } from '../../unavailable.ts';
import type { RequestHandler } from '../endpoint.ts';
import { json } from '../http-message.ts';

interface WellKnownOptions {
  readonly issuer: string;
  /** The algorithm of the first keys, which the metadata states before they exist. */
  readonly signingAlgorithm: string;
  /** The scopes that a partner may see. */
  readonly scopes: readonly string[];
  readonly keySet: PublishedKeySetReader;
}

interface Document {
  /** Seconds for which it may be cached. */
  readonly maxAge: number;
  readonly read: () => Promise<unknown>;
}

const documents = ({ issuer, signingAlgorithm, scopes, keySet }: WellKnownOptions) => {
  const metadata = (describe: typeof authorizationServerMetadata): Document => ({
    maxAge: 3_600,
    read: async () => {
      // During a change of the algorithm tokens are signed with the old one: the published keys have both.
      const algorithms = (await keySet.find())?.keys.map(({ alg }) => alg) ?? [signingAlgorithm];
      return describe({ issuer, signingAlgorithms: [...new Set(algorithms)], scopes });
    },
  });
  return new Map<string, Document>([
    // RFC 8414 §3
    [endpoints.authorizationServerMetadata, metadata(authorizationServerMetadata)],
    // API Gateway and OpenID Connect libraries look here (RFC 8414 §5).
    [endpoints.openidConfiguration, metadata(openidConfiguration)],
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

/** `GET /.well-known/…`: metadata (RFC 8414) and published keys (RFC 7517), by the path of each document. */
export const wellKnownDocuments = (options: WellKnownOptions): ReadonlyMap<string, RequestHandler> =>
  new Map([...documents(options)].map(([path, document]) => [path, serve(document)]));

const serve =
  ({ maxAge, read }: Document): RequestHandler =>
  async ({ headers }) => {
    const body = await read();
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
    const caching = {
      'cache-control': `public, max-age=${maxAge}`,
      etag,
      // API Gateway adds the headers of CORS for some origins and not for others, and does not say so (Fetch, "CORS protocol and HTTP caches").
      vary: 'origin',
    };
    // RFC 9110 §13.1.2
    if (matchesEtag(headers['if-none-match'], etag)) return ok({ statusCode: 304, headers: caching });
    return ok(json(200, body, caching));
  };

/** Whether `If-None-Match` contains a tag: any of its list, by weak comparison (RFC 9110 §13.1.2). */
const matchesEtag = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
