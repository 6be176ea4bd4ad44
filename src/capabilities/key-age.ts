import type { Clock } from '../clock.ts';
import { keysWithRole } from '../keys/signing-key-set.ts';
import type { SigningKeySet } from '../keys/signing-key-set.ts';
import type { Log } from '../log.ts';

/**
 * Logs the age of the current key whenever `read` has read the set, once a minute in each environment that signs: a
 * rotation that never starts leaves no trace but the age of the key.
 */
export function withKeyAge(
  read: () => Promise<SigningKeySet | undefined>,
  { clock, log }: { clock: Clock; log: Log },
): () => Promise<SigningKeySet | undefined> {
  return async () => {
    const set = await read();
    const now = clock();
    const [current] = set ? keysWithRole(set, 'current', now) : [];
    // A key of an early development version has no date.
    if (current?.signsFrom) {
      log('INFO', {
        event: 'signing_keys_read',
        kid: current.key.kid,
        signingKeyAge: Math.max(0, now - current.signsFrom),
      });
    }
    return set;
  };
}
