import { createHash } from 'node:crypto';
import type { PublishedKeySetReader } from '../../keys/published-key-set.ts';
import { endpoints } from '../../oauth/endpoints.ts';
import { authorizationServerMetadata } from '../../oauth/metadata.ts';
import { ok } from '../../result.ts';
import { Unavailable } from '../../unavailable.ts';
import type { EndpointOptions } from '../endpoint.ts';
import { json } from '../http-response.ts';

interface WellKnownOptions {
  readonly issuer: string;
  /** Of the keys that there will be, before there are any. */
  readonly signingAlgorithm: string;
  readonly keySet: PublishedKeySetReader;
}

/** The documents of a stage: what each holds, and for how many seconds it may be kept. */
const documents = ({ issuer, signingAlgorithm, keySet }: WellKnownOptions) => {
  const metadata = {
    maxAge: 3_600,
    read: async (): Promise<unknown> => {
      // What signs now may be of another algorithm than what will: the published keys tell.
      const algorithms = (await keySet.find())?.keys.map(({ alg }) => alg) ?? [signingAlgorithm];
      return authorizationServerMetadata(issuer, [...new Set(algorithms)]);
    },
  };
  return new Map<string, { maxAge: number; read: () => Promise<unknown> }>([
    // RFC 8414 §3
    [endpoints.authorizationServerMetadata, metadata],
    // Where API Gateway and OpenID Connect libraries look for the same (RFC 8414 §5).
    [endpoints.openidConfiguration, metadata],
    // RFC 7517 §5. Short, so that a key that leaked is soon forgotten.
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

/** `GET /.well-known/…` over HTTP. */
export function wellKnownRequest(options: WellKnownOptions): EndpointOptions['handle'] {
  const byPath = documents(options);
  return async ({ path, headers }) => {
    const document = byPath.get(path);
    if (!document) throw new Error('API Gateway routes a path here that has no document');
    const body = await document.read();
    const etag = `"${createHash('sha256').update(JSON.stringify(body)).digest('base64url')}"`;
    const caching = { 'cache-control': `public, max-age=${document.maxAge}`, etag };
    // RFC 9110 §13.1.2
    if (namesTag(headers['if-none-match'], etag)) return ok({ statusCode: 304, headers: caching });
    return ok(json(200, body, caching));
  };
}

/** Whether `If-None-Match` names a tag: any of a list, compared weakly (RFC 9110 §13.1.2). */
const namesTag = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  header.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
