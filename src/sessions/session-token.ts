import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** 192 bits: 32 characters of base64url. */
const randomLength = 24;
/** 72 bits: 12 characters of base64url. */
const tagLength = 9;

const form = /^([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{12})$/;

/**
 * Makes a session token: randomness, a dot, and a tag of it under the stage's key. With the tag a token that
 * was made up, or is of another stage, is refused without asking the database.
 * @param key `HashKeys.sessionToken`
 */
export function makeSessionToken(key: KeyObject): string {
  const random = randomBytes(randomLength).toString('base64url');
  return `${random}.${tagOf(key, random).toString('base64url')}`;
}

/** Whether `text` has the form of a session token, genuine or not. */
export const looksLikeSessionToken = (text: string): boolean => form.test(text);

/** Whether `token` was made under `key`; whether it still lives, the store knows. */
export function isGenuineSessionToken(key: KeyObject, token: string): boolean {
  const [, random, tag] = form.exec(token) ?? [];
  if (random === undefined || tag === undefined) return false;
  return timingSafeEqual(tagOf(key, random), Buffer.from(tag, 'base64url'));
}

/** The name under which a session is stored: who reads the table learns no token. */
export const hashSessionToken = (token: string): string =>
  createHash('sha256').update(token).digest('base64url');

function tagOf(key: KeyObject, random: string): Buffer {
  return createHmac('sha256', key).update(random).digest().subarray(0, tagLength);
}
