import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Seconds in which the same nonce is handed out. It is accepted until the end of the next interval. */
const interval = 300;

/**
 * A nonce for the client's next DPoP proofs (RFC 9449 §8): a tag of the time, so that every function accepts the
 * nonces of all others and nothing is stored. `jti` ensures that a proof is used once.
 * @param key `HashKeys.dpopNonce`
 * @param now NumericDate, seconds since the epoch
 */
export const generateDpopNonce = (key: KeyObject, now: number): string =>
  nonceOf(key, Math.floor(now / interval));

/** Whether `nonce` was handed out in this interval or the previous one. */
export function isCurrentDpopNonce(key: KeyObject, nonce: string, now: number): boolean {
  const given = Buffer.from(nonce);
  const current = Math.floor(now / interval);
  return [current, current - 1].some((index) => {
    const accepted = Buffer.from(nonceOf(key, index));
    return accepted.length === given.length && timingSafeEqual(accepted, given);
  });
}

const nonceOf = (key: KeyObject, index: number) =>
  createHmac('sha256', key).update(String(index)).digest('base64url');
