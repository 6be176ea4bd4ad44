import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** 192 bits: 32 characters of base64url. */
const randomLength = 24;
/** 72 bits: 12 characters of base64url. */
const tagLength = 9;

const form = /^([A-Za-z0-9_-]{32})\.([A-Za-z0-9_-]{12})$/;

/**
 * Generates a session token: random characters, a dot, and their tag under the stage's key. The tag allows a forged
 * token, or a token of another stage, to be refused without reading the database.
 * @param key `HashKeys.sessionToken`
 */
export function generateSessionToken(key: KeyObject): string {
  const random = randomBytes(randomLength).toString('base64url');
  return `${random}.${tagOf(key, random).toString('base64url')}`;
}

/** Whether a token has the form of a session token. */
export const isSessionTokenForm = (token: string): boolean => form.test(token);

/** Whether `token` was generated under `key`. Only the store knows whether its session is still valid. */
export function verifySessionTokenTag(key: KeyObject, token: string): boolean {
  const [, random, tag] = form.exec(token) ?? [];
  if (random === undefined || tag === undefined) return false;
  return timingSafeEqual(tagOf(key, random), Buffer.from(tag, 'base64url'));
}

/** The key under which a session is stored: whoever reads the table learns no token. */
export const hashSessionToken = (token: string): string =>
  createHash('sha256').update(token).digest('base64url');

function tagOf(key: KeyObject, random: string): Buffer {
  return createHmac('sha256', key).update(random).digest().subarray(0, tagLength);
}
