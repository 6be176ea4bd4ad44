import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Seconds in which the same nonce is handed out; it lives until the next such span is over. */
const span = 300;

/**
 * A nonce for the client's next proofs (RFC 9449 §8): a tag of the time, so that every function accepts what
 * any other handed out and nothing is stored. That a proof is used once, `jti` sees to.
 * @param key `HashKeys.dpopNonce`
 * @param now NumericDate, seconds since the epoch
 */
export const makeDpopNonce = (key: KeyObject, now: number): string => nonceOf(key, Math.floor(now / span));

/** Whether `nonce` was handed out in this span or the one before it. */
export function isLiveDpopNonce(key: KeyObject, nonce: string, now: number): boolean {
  const given = Buffer.from(nonce);
  const current = Math.floor(now / span);
  return [current, current - 1].some((index) => {
    const live = Buffer.from(nonceOf(key, index));
    return live.length === given.length && timingSafeEqual(live, given);
  });
}

const nonceOf = (key: KeyObject, index: number) =>
  createHmac('sha256', key).update(String(index)).digest('base64url');
