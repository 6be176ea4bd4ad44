import type { Clock } from '../clock.ts';
import { causeOf, log } from '../log.ts';
import type { SecretUseStore } from './secret-use-store.ts';

/** Seconds from one note of a secret to the next. */
const noteEvery = 3_600;

/**
 * Notes the use of a secret once an hour for each running function: a request costs no write, and what an
 * operator reads is right to the hour. A note that fails is only logged, for it must not cost a token.
 */
export function hourlySecretUse(store: SecretUseStore, clock: Clock) {
  const notedAt = new Map<string, number>();
  return async (clientId: string, secretId: string): Promise<void> => {
    const now = clock();
    const key = `${clientId} ${secretId}`;
    if (now - (notedAt.get(key) ?? -Infinity) < noteEvery) return;
    notedAt.set(key, now);
    try {
      await store.noteUse(clientId, secretId, now);
    } catch (error) {
      notedAt.delete(key);
      log('WARN', { event: 'secret_use_not_noted', clientId, ...causeOf(error) });
    }
  };
}
