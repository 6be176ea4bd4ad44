import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { validSecrets } from './client-secret.ts';
import { maximumClientKeys, newTokenGeneration } from './client.ts';
import type { Client, ClientKey, ClientSecret } from './client.ts';
import { keysUnderFapi, noFapiAlgorithm } from './fapi.ts';

/** Why a client cannot be changed as requested. */
export interface ChangeProblem {
  readonly field: 'secrets' | 'keys';
  /** A sentence about the client. */
  readonly problem: string;
}

const problemWith = (field: ChangeProblem['field'], problem: string) => failed({ field, problem });

/** The changed client, which is still to be written, or why it cannot be changed. */
export type Changed = Result<Client, ChangeProblem>;

/**
 * Gives the client a second secret. The first one expires after `overlap` seconds, or at once if that is 0. Expired
 * secrets are dropped, because authentication compares two.
 */
export function rotateSecret(
  client: Client,
  secret: ClientSecret,
  { overlap, now }: { readonly overlap: number; readonly now: number },
): Changed {
  const problem = secretProblem(client);
  if (problem !== undefined) return problemWith('secrets', problem);
  const valid = validSecrets(client, now);
  if (valid.length > 1) {
    return problemWith(
      'secrets',
      `The client ${client.id} has two valid secrets, which is the maximum: ${idsOf(valid)}. Revoke the one that is no longer used first.`,
    );
  }
  const old = overlap === 0 ? [] : valid.map((one) => expiringBy(one, now + overlap));
  return ok({ ...client, secrets: [...old, secret] });
}

/** Revokes every secret of the client and gives it this one. */
export function replaceSecrets(client: Client, secret: ClientSecret): Changed {
  const problem = secretProblem(client);
  return problem === undefined ? ok({ ...client, secrets: [secret] }) : problemWith('secrets', problem);
}

/** Revokes one secret. */
export function removeSecret(client: Client, secretId: string): Changed {
  const { id, secrets } = client;
  if (secrets.some((secret) => secret.id === secretId)) {
    return ok({ ...client, secrets: secrets.filter((secret) => secret.id !== secretId) });
  }
  return problemWith(
    'secrets',
    secrets.length === 0
      ? `The client ${id} has no secret.`
      : `The client ${id} has no secret with this id. It has ${idsOf(secrets)}.`,
  );
}

/** Revokes all tokens of the client. Those that it gets from then on belong to the new generation. */
export const revokeTokens = (client: Client): Client => ({
  ...client,
  tokenGeneration: newTokenGeneration(),
});

/** Registers more public keys, with which the client may then authenticate (RFC 7523 §2.2). */
export function addKeys(client: Client, keys: readonly ClientKey[]): Changed {
  const { id, account, authenticationMethods: methods } = client;
  if (account !== undefined) {
    return problemWith(
      'keys',
      `The client ${id} is a session key: it opens sessions with its secret and does nothing else.`,
    );
  }
  const added = client.fapi ? keysUnderFapi(keys) : keys;
  if (!added) return problemWith('keys', `The client ${id} is under FAPI 2.0: its keys ${noFapiAlgorithm}.`);
  const all = [...client.keys, ...added];
  const duplicate = keys.find(({ kid }) => all.filter((key) => key.kid === kid).length > 1);
  if (duplicate) {
    return problemWith(
      'keys',
      `The client ${id} already has a key ${duplicate.kid}. Give the new one another kid, or remove that key first.`,
    );
  }
  if (all.length > maximumClientKeys) {
    return problemWith(
      'keys',
      `The client ${id} would have ${all.length} keys, and the maximum is ${maximumClientKeys}. Remove one first: ${kidsOf(client.keys)}.`,
    );
  }
  return ok({
    ...client,
    keys: all,
    authenticationMethods: methods.includes('private_key_jwt') ? methods : [...methods, 'private_key_jwt'],
  });
}

/** Removes a public key from the client. Assertions that are signed with it are refused at once. */
export function removeKey(client: Client, kid: string): Changed {
  const { id, keys } = client;
  if (keys.some((key) => key.kid === kid)) {
    return ok({ ...client, keys: keys.filter((key) => key.kid !== kid) });
  }
  return problemWith(
    'keys',
    keys.length === 0
      ? `The client ${id} has no key.`
      : `The client ${id} has no key with this kid. It has ${kidsOf(keys)}.`,
  );
}

/** Whether the client has credentials that are valid at `now`, or needs none (RFC 6749 §2.1). */
export function canAuthenticate(client: Client, now: number): boolean {
  const { authenticationMethods: methods, keys } = client;
  if (methods.includes('none')) return true;
  if (methods.includes('private_key_jwt') && keys.length > 0) return true;
  return usesSecret(client) && validSecrets(client, now).length > 0;
}

const usesSecret = ({ authenticationMethods: methods }: Client) =>
  methods.includes('client_secret_basic') || methods.includes('client_secret_post');

/** Why a client cannot have a secret, and what to do instead; undefined if it can. */
function secretProblem(client: Client): string | undefined {
  if (usesSecret(client)) return undefined;
  return client.authenticationMethods.includes('private_key_jwt')
    ? `The client ${client.id} authenticates with its keys and has no secret. Add its new key, and remove the old one when it is no longer used.`
    : `The client ${client.id} is public and has no secret. Create another client if it needs one.`;
}

const expiringBy = (secret: ClientSecret, expiresAt: number): ClientSecret => ({
  ...secret,
  expiresAt: Math.min(secret.expiresAt ?? expiresAt, expiresAt),
});

const idsOf = (secrets: readonly ClientSecret[]) => secrets.map(({ id }) => id).join(' and ');
const kidsOf = (keys: readonly ClientKey[]) => keys.map(({ kid }) => kid).join(' and ');
