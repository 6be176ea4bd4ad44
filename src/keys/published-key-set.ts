import { errors, importJWK } from 'jose';
import type { CryptoKey, JWTVerifyGetKey, KeyObject } from 'jose';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { PublicSigningKey } from './signing-key.ts';

/** Seconds for which a verifier may cache the published keys: two hours, as API Gateway does. */
export const verifierCacheSeconds = 7_200;

/** Seconds after which a function reads the signing keys, or the published keys, again. */
export const functionCacheSeconds = 60;

/**
 * The public keys of a stage as the rotation published them. They are stored apart from the private ones, so that a
 * function that only verifies cannot read a key that signs.
 */
export const PublishedKeySet = v.object({ keys: v.array(PublicSigningKey) });
export type PublishedKeySet = v.InferOutput<typeof PublishedKeySet>;

export interface PublishedKeySetReader {
  find(): Promise<PublishedKeySet | undefined>;
}

export interface PublishedKeySetWriter {
  put(set: PublishedKeySet): Promise<void>;
}

/** Minimum seconds between two reads that unknown `kid`s cause, so that a flood of such tokens reads little. */
const rereadAfter = 5;

type Key = CryptoKey | KeyObject | Uint8Array;

/**
 * Finds the key of a JWT by `kid` among the published keys, which are kept in memory for `functionCacheSeconds`. A key,
 * or the URL of one, in the token's header is ignored (RFC 8725 §3.10).
 */
export function verificationKeyFinder(reader: PublishedKeySetReader, clock: Clock): JWTVerifyGetKey {
  let keys: ReadonlyMap<string, { readonly alg: string; readonly key: Key }> = new Map();
  let readAt = -Infinity;

  async function read(): Promise<void> {
    const set = await reader.find();
    const imported = (set?.keys ?? []).map(
      async (jwk) => [jwk.kid, { alg: jwk.alg, key: await importJWK(jwk) }] as const,
    );
    keys = new Map(await Promise.all(imported));
    readAt = clock();
  }

  return async ({ kid, alg }) => {
    const age = clock() - readAt;
    if (age >= functionCacheSeconds || (!keys.has(kid ?? '') && age >= rereadAfter)) await read();
    const found = keys.get(kid ?? '');
    // RFC 8725 §3.1: a key is for one algorithm.
    if (!found || found.alg !== alg) throw new errors.JWKSNoMatchingKey();
    return found.key;
  };
}
