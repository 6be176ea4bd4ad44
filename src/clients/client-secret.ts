import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Client, ClientSecret } from './client.ts';

/**
 * The keyed hash under which a client secret is stored. Generated secrets have 160 bits of entropy or more, so that
 * a slow password hash would only cost time. The client id is part of the input: a hash that is copied to another
 * client's record matches nothing there.
 */
function hashClientSecret(key: KeyObject, clientId: string, secret: string): Buffer {
  return createHmac('sha256', key).update(clientId).update('\0').update(secret).digest();
}

/** 256 bits as 64 hex digits. For a session key 160 bits as 40 hex digits, the form that EQP programs expect. */
const generateClientSecret = ({ account }: Pick<Client, 'account'>): string =>
  randomBytes(account === undefined ? 32 : 20).toString('hex');

/** A client secret and what is stored of it. */
export interface NewClientSecret {
  /** To be shown once: only its hash is stored. */
  readonly secret: string;
  readonly stored: ClientSecret;
}

/**
 * Generates a secret for a client, or takes the one that it already has elsewhere.
 * @param key `HashKeys.clientSecret`
 * @param now NumericDate, seconds since the epoch
 */
export function newClientSecret(
  key: KeyObject,
  client: Pick<Client, 'id' | 'account'>,
  now: number,
  secret: string = generateClientSecret(client),
): NewClientSecret {
  const stored = {
    id: randomBytes(4).toString('hex'),
    hash: hashClientSecret(key, client.id, secret).toString('base64url'),
    createdAt: now,
  };
  return { secret, stored };
}

/** The secrets that authenticate the client at `now`, NumericDate. */
export const validSecrets = ({ secrets }: Pick<Client, 'secrets'>, now: number): ClientSecret[] =>
  secrets.filter(({ expiresAt }) => expiresAt === undefined || now < expiresAt);

/** Compared with where a client has no secret, so that the comparison costs the same. */
const noHash = Buffer.alloc(32);

/**
 * The valid secret of `client` that equals one of `candidates`. The work is the same whether the client is unknown
 * or the secret wrong or expired: one hash for each candidate, and two comparisons for each hash.
 * @param now NumericDate, seconds since the epoch
 */
export function matchClientSecret(
  key: KeyObject,
  client: Client | undefined,
  candidates: readonly string[],
  now: number,
): ClientSecret | undefined {
  let match: ClientSecret | undefined;
  for (const candidate of candidates) {
    const hash = hashClientSecret(key, client?.id ?? '', candidate);
    for (let slot = 0; slot < 2; slot += 1) {
      const secret = client?.secrets[slot];
      const stored = secret ? Buffer.from(secret.hash, 'base64url') : noHash;
      const same = stored.length === hash.length && timingSafeEqual(stored, hash);
      if (same && secret && (secret.expiresAt === undefined || now < secret.expiresAt)) match = secret;
    }
  }
  return match;
}
