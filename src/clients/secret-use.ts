import type { Clock } from '../clock.ts';
import { causeOf } from '../log.ts';
import type { Log } from '../log.ts';

/** When each secret of a client was last used. Kept apart from the client, whose record requests only read. */
export interface SecretUseStore {
  /** NumericDate of the last use, accurate to the hour; undefined if the secret was never used. */
  lastUse(clientId: string, secretId: string): Promise<number | undefined>;
  /** Records a use at `now`, NumericDate. */
  recordUse(clientId: string, secretId: string, now: number): Promise<void>;
}

/** Seconds between two records of the same secret. */
const recordInterval = 3_600;

/**
 * Records the use of each secret once an hour in each running function, so that a request costs no write. A failure
 * is only logged, because it must not cost the client its token.
 */
export function hourlySecretUse(
  store: Pick<SecretUseStore, 'recordUse'>,
  clock: Clock,
  log: Log,
): (clientId: string, secretId: string) => Promise<void> {
  const recordedAt = new Map<string, number>();
  return async (clientId, secretId) => {
    const now = clock();
    const key = `${clientId} ${secretId}`;
    if (now - (recordedAt.get(key) ?? -Infinity) < recordInterval) return;
    recordedAt.set(key, now);
    try {
      await store.recordUse(clientId, secretId, now);
    } catch (error) {
      recordedAt.delete(key);
      log('WARN', { event: 'secret_use_not_recorded', clientId, ...causeOf(error) });
    }
  };
}
