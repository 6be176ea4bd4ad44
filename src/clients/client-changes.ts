import type { KeyObject } from 'node:crypto';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { maximumClientKeys } from './client-key.ts';
import { makeClientSecret, storedSecret } from './client-secret.ts';
import type { Client, ClientKey, ClientSecret } from './client.ts';

/** A client as a change leaves it, or why the change cannot be and what would be right. */
export type Changed = Result<Client, string>;

/** A secret that was just made: the text is to be shown once, and `stored` to be kept. */
export interface NewClientSecret {
  readonly secret: string;
  readonly stored: ClientSecret;
}

/**
 * Makes a secret for a client that is registered.
 * @param key `HashKeys.clientSecret`
 */
export function newClientSecret(
  key: KeyObject,
  client: Pick<Client, 'id' | 'account'>,
  now: number,
): NewClientSecret {
  const secret = makeClientSecret(client);
  return { secret, stored: storedSecret(key, client.id, secret, now) };
}

/** The secrets that authenticate the client at `now`. */
export const liveSecrets = ({ secrets }: Client, now: number): ClientSecret[] =>
  secrets.filter(({ expiresAt }) => expiresAt === undefined || now < expiresAt);

/**
 * Gives the client a second secret, and lets the one that it has end after `overlap` seconds: at once where
 * that is 0. Secrets that ended are dropped: authentication looks at two.
 */
export function rotateSecret(
  client: Client,
  secret: ClientSecret,
  { overlap, now }: { readonly overlap: number; readonly now: number },
): Changed {
  const mistake = cannotHaveSecret(client);
  if (mistake !== undefined) return failed(mistake);
  const live = liveSecrets(client, now);
  if (live.length > 1) {
    return failed(
      `The client ${client.id} has two live secrets, which is the most there may be: ${idsOf(live)}. Revoke the one that is used no more first.`,
    );
  }
  const old = overlap === 0 ? [] : live.map((one) => endingBy(one, now + overlap));
  return ok({ ...client, secrets: [...old, secret] });
}

/** Ends every secret of the client at once, and gives it this one. */
export function replaceSecrets(client: Client, secret: ClientSecret): Changed {
  const mistake = cannotHaveSecret(client);
  return mistake === undefined ? ok({ ...client, secrets: [secret] }) : failed(mistake);
}

/** Ends one secret at once. */
export function removeSecret(client: Client, secretId: string): Changed {
  const { id, secrets } = client;
  if (secrets.some((secret) => secret.id === secretId)) {
    return ok({ ...client, secrets: secrets.filter((secret) => secret.id !== secretId) });
  }
  return failed(
    secrets.length === 0
      ? `The client ${id} has no secret.`
      : `The client ${id} has no secret with this id. It has ${idsOf(secrets)}.`,
  );
}

/** Voids all tokens of the client that were issued until `now`. */
export function revokeTokens(client: Client, now: number): Changed {
  return ok({ ...client, tokensValidAfter: Math.max(client.tokensValidAfter, now) });
}

/** Registers more public keys, which the client may then authenticate with (RFC 7523 §2.2). */
export function addKeys(client: Client, keys: readonly ClientKey[]): Changed {
  const { id, account, authenticationMethods: methods } = client;
  if (account !== undefined) {
    return failed(`The client ${id} is a session key: it opens sessions with its secret, and nothing else.`);
  }
  const all = [...client.keys, ...keys];
  const twice = keys.find(({ kid }) => all.filter((key) => key.kid === kid).length > 1);
  if (twice) {
    return failed(
      `The client ${id} has a key ${twice.kid} already. Give the new one another kid, or remove that key first.`,
    );
  }
  if (all.length > maximumClientKeys) {
    return failed(
      `The client ${id} would have ${all.length} keys, and ${maximumClientKeys} is the most there may be. Remove one first: ${kidsOf(client.keys)}.`,
    );
  }
  return ok({
    ...client,
    keys: all,
    authenticationMethods: methods.includes('private_key_jwt') ? methods : [...methods, 'private_key_jwt'],
  });
}

/** Takes a public key from the client: what is signed with it is refused at once. */
export function removeKey(client: Client, kid: string): Changed {
  const { id, keys } = client;
  if (keys.some((key) => key.kid === kid)) {
    return ok({ ...client, keys: keys.filter((key) => key.kid !== kid) });
  }
  return failed(
    keys.length === 0
      ? `The client ${id} has no key.`
      : `The client ${id} has no key with this kid. It has ${kidsOf(keys)}.`,
  );
}

/** Whether the client has something to authenticate with at `now`, or need not (RFC 6749 §2.1). */
export function canAuthenticate(client: Client, now: number): boolean {
  const { authenticationMethods: methods, keys } = client;
  if (methods.includes('none')) return true;
  if (methods.includes('private_key_jwt') && keys.length > 0) return true;
  return takesSecret(client) && liveSecrets(client, now).length > 0;
}

const takesSecret = ({ authenticationMethods: methods }: Client) =>
  methods.includes('client_secret_basic') || methods.includes('client_secret_post');

/** Why a client has no secrets at all, and what to do instead. */
function cannotHaveSecret(client: Client): string | undefined {
  if (takesSecret(client)) return undefined;
  return client.authenticationMethods.includes('private_key_jwt')
    ? `The client ${client.id} authenticates with its keys and has no secret. Add its new key, and remove the old one when it is used no more.`
    : `The client ${client.id} is public and has no secret. For one with a secret create another client, with --with-secret.`;
}

const endingBy = (secret: ClientSecret, end: number): ClientSecret => ({
  ...secret,
  expiresAt: Math.min(secret.expiresAt ?? end, end),
});

const idsOf = (secrets: readonly ClientSecret[]) => secrets.map(({ id }) => id).join(' and ');
const kidsOf = (keys: readonly ClientKey[]) => keys.map(({ kid }) => kid).join(' and ');
