import type { Account } from '../../src/clients/account.ts';
import type { ClientStore } from '../../src/clients/client-store.ts';
import type { Client } from '../../src/clients/client.ts';
import { canBeName } from '../../src/clients/registration-rules.ts';
import { refuse } from '../../src/errors.ts';
import type { OAuthError } from '../../src/errors.ts';
import { eqpRefusal } from '../../src/http/dialects/eqp.ts';
import type { Request } from '../../src/http/http-request.ts';
import { ok } from '../../src/result.ts';
import type { Result } from '../../src/result.ts';

/** The account's key with this id as it is now. What the account has no place for is not looked up. */
export async function findKey(
  { mageId, sessionKeys }: Account,
  applicationId: string,
  clients: ClientStore,
): Promise<Client | undefined> {
  if (!Object.hasOwn(sessionKeys, applicationId)) return undefined;
  const client = await clients.findNow(applicationId);
  return client?.account === mageId ? client : undefined;
}

/** What its partner sees of a key; the secret once, when it was just made. */
export const keyView = ({ id, name, createdAt }: Client, secret?: string) => ({
  application_id: id,
  ...(secret !== undefined && { application_secret: secret }),
  label: name,
  created_at: new Date(createdAt * 1000).toISOString(),
});

/** The id of the key that a request is about: in its path, or else where `elsewhere` is from. */
export function applicationIdOf(
  { pathParameters }: Request,
  elsewhere: string | undefined,
): Result<string, OAuthError> {
  const inPath = pathParameters['application_id'];
  const id = inPath ?? elsewhere ?? '';
  if (id === '') return refuse('invalid_request', 'application_id is missing.');
  if (inPath !== undefined && elsewhere !== undefined && inPath !== elsewhere) {
    return refuse('invalid_request', 'application_id is another than that in the path.');
  }
  return ok(id);
}

/** A label is the name of the client, and must be one. */
export function checkLabel(label: string | undefined): Result<string | undefined, OAuthError> {
  if (label === undefined || canBeName(label)) return ok(label);
  return refuse('invalid_request', 'label must have 1 to 100 characters, on one line.');
}

export const unknownKey = eqpRefusal(404, 'This account has no key with this application_id.');
