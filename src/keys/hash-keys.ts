import { createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** The keys that are derived from a stage's hash key, one for each use. */
export interface HashKeys {
  /** For hashes of client secrets. */
  readonly clientSecret: KeyObject;
  /** For the tags of session tokens. */
  readonly sessionToken: KeyObject;
  /** For the nonces of DPoP proofs. */
  readonly dpopNonce: KeyObject;
}

const keyBytes = 32;

/** Derives the keys from the string that Secrets Manager generated (RFC 5869). */
export function deriveHashKeys(hashKey: string): HashKeys {
  const derive = (use: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', hashKey, '', `postern ${use}`, keyBytes)));
  return {
    clientSecret: derive('client secret'),
    sessionToken: derive('session token'),
    dpopNonce: derive('dpop nonce'),
  };
}
