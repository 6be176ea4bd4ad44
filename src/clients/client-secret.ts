import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Client, ClientSecret } from './client.ts';

/**
 * The keyed hash under which a client secret is stored. What we generate has 160 bits of entropy or more, so
 * that a slow password hash would only cost time. The client id is part of it: a hash moved to another
 * client's record matches nothing there.
 */
function hashClientSecret(key: KeyObject, clientId: string, secret: string): Buffer {
  return createHmac('sha256', key).update(clientId).update('\0').update(secret).digest();
}

/** 256 bits as 64 hex digits; of a session key 160 bits as 40, the form that programs of EQP expect. */
export const makeClientSecret = ({ account }: { readonly account?: string }): string =>
  randomBytes(account === undefined ? 32 : 20).toString('hex');

/**
 * A secret as it is kept.
 * @param now NumericDate, seconds since the epoch
 */
export function storedSecret(key: KeyObject, clientId: string, secret: string, now: number): ClientSecret {
  return {
    id: randomBytes(4).toString('hex'),
    hash: hashClientSecret(key, clientId, secret).toString('base64url'),
    createdAt: now,
  };
}

const absent = Buffer.alloc(32);

/**
 * The live secret of `client` that one of `candidates` is. The work is the same whether the client is
 * unknown, the secret wrong or expired: as many hashes as there are candidates, two comparisons for each.
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
      const stored = secret ? Buffer.from(secret.hash, 'base64url') : absent;
      const same = stored.length === hash.length && timingSafeEqual(stored, hash);
      if (same && secret && (secret.expiresAt === undefined || now < secret.expiresAt)) match = secret;
    }
  }
  return match;
}
