import { errors, importJWK } from 'jose';
import type { CryptoKey, JWTVerifyGetKey, KeyObject } from 'jose';
import type { Clock } from '../clock.ts';
import type { PublishedKeySetReader } from './published-key-set.ts';
import { functionCacheSeconds } from './signing-key-set.ts';

/** Minimum seconds between two reads that unknown `kid`s cause, so that a flood of such tokens reads little. */
const rereadAfter = 5;

type Key = CryptoKey | KeyObject | Uint8Array;

/**
 * Finds the key of a JWT by `kid` among the published keys, which are kept in memory for `functionCacheSeconds`. A key,
 * or the URL of one, in the token's header is ignored (RFC 8725 §3.10).
 */
export function verificationKeys(reader: PublishedKeySetReader, clock: Clock): JWTVerifyGetKey {
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
