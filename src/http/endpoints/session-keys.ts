import { maximumSessionKeys } from '../../clients/account.ts';
import type { Account } from '../../clients/account.ts';
import { replaceSecrets } from '../../clients/client-changes.ts';
import { deleteClient } from '../../clients/client-deletion.ts';
import { registerClient } from '../../clients/client-registration.ts';
import type { RegistrationFailure, Registry } from '../../clients/client-registration.ts';
import { newClientSecret, validSecrets } from '../../clients/client-secret.ts';
import type { NewClientSecret } from '../../clients/client-secret.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import type { Client } from '../../clients/client.ts';
import { errorResult } from '../../errors.ts';
import type { RequestError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { ok } from '../../result.ts';
import type { Result } from '../../result.ts';
import type { CallerContext } from '../authorizer-context.ts';
import { parseParameters } from '../body.ts';
import { json, noStore } from '../http-message.ts';
import type { AccountOperation } from '../own-account.ts';
import { checkLabel, parseChange, parseDeletion } from './session-key-parameters.ts';

interface SessionKeyOptions extends Registry {
  /** Lifetime in seconds of the longest session of the stage. */
  readonly longestSession: number;
  readonly log: Log;
}

/** `GET /rest/v1/users/{mage_id}/access-keys`: the session keys of the account, the oldest first. */
export function listSessionKeys({ clients }: SessionKeyOptions): AccountOperation {
  return async (_request, account) => {
    const ids = Object.keys(account.sessionKeys);
    const found = await Promise.all(ids.map((id) => findSessionKey(account, id, clients)));
    const keys = found
      .filter((client) => client !== undefined)
      .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    return ok(json(200, { keys: keys.map((client) => sessionKeyBody(client)) }));
  };
}

const defaultLabel = 'Session key';

/** `POST /rest/v1/users/{mage_id}/access-keys`: creates a session key. Only this response contains its secret. */
export function createSessionKey(options: SessionKeyOptions): AccountOperation {
  return managing(options, async (request, { mageId }) => {
    const parameters = parseParameters(request, ['label']);
    if (!parameters.ok) return parameters;
    const label = checkLabel(parameters.value.label);
    if (!label.ok) return label;
    const registered = await registerClient(
      {
        name: label.value ?? defaultLabel,
        kind: 'integration',
        account: mageId,
        scopes: [],
        defaultScopes: [],
        claims: {},
      },
      options,
    );
    if (!registered.ok) return registrationErrors[registered.error.reason]();
    const { client, secret } = registered.value;
    options.log('INFO', { event: 'session_key_created', requestId: request.requestId, clientId: client.id });
    return ok(json(201, sessionKeyBody(client, secret)));
  });
}

/** The registry describes its problems to operators. These descriptions are for partners. */
const registrationErrors: Readonly<Record<RegistrationFailure['reason'], () => Result<never, RequestError>>> =
  {
    full: () =>
      errorResult(
        'conflict',
        `An account has at most ${maximumSessionKeys} keys. Delete one first: DELETE /rest/v1/users/{mage_id}/access-keys/{application_id}. If fewer are listed, another is being created, or was not completed: try again in five minutes.`,
      ),
    unknown_account: () => errorResult('not_found', 'There is no account with this mage_id.'),
    id_taken: () => errorResult('conflict', 'No key was created: try again.'),
    invalid: () => errorResult('invalid_request', 'The label is not allowed.'),
  };

/** Maximum number of attempts if someone else writes the same session key between our read and our write. */
const attempts = 3;

/**
 * `PUT /rest/v1/users/{mage_id}/access-keys/{application_id}`: changes the label, the secret, or both. The old secret is
 * revoked at once. The sessions that it opened remain valid until they expire, but no longer manage keys.
 */
export function updateSessionKey(options: SessionKeyOptions): AccountOperation {
  const { clients, secretHashKey, clock, log } = options;
  return managing(options, async (request, account, caller) => {
    const change = parseChange(request);
    if (!change.ok) return change;
    const { applicationId, label, regenerate } = change.value;

    let newSecret: NewClientSecret | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const client = await findSessionKey(account, applicationId, clients);
      if (!client) return unknownSessionKey();
      if (client.status === 'disabled') return disabledSessionKey();
      // Of two sessions that regenerate the secret that opened both, one does.
      if (client.id === caller.client_id && !hasSecretOf(caller, client, clock())) return replacedSecret();
      if (regenerate) newSecret ??= newClientSecret(await secretHashKey(), client, clock());
      const changed = changedSessionKey(client, label, newSecret);
      if (!(await clients.replace(changed))) continue;
      log('INFO', {
        event: newSecret ? 'session_key_secret_regenerated' : 'session_key_renamed',
        requestId: request.requestId,
        clientId: client.id,
      });
      return ok(json(200, sessionKeyBody(changed, newSecret?.secret)));
    }
    return contended();
  });
}

/**
 * `DELETE /rest/v1/users/{mage_id}/access-keys/{application_id}`. The sessions that the key opened are valid until they
 * expire, as Adobe documents, unless the request has `revoke_sessions`. A key that the operator disabled keeps its place:
 * otherwise the account could create another in it, and so undo what the operator did.
 */
export function deleteSessionKey(options: SessionKeyOptions): AccountOperation {
  return managing(options, async (request, { mageId }) => {
    const deletion = parseDeletion(request);
    if (!deletion.ok) return deletion;
    const { applicationId, revokeSessions } = deletion.value;
    const { longestSession, log } = options;
    const result = await deleteClient(
      applicationId,
      { revokeSessions, longestSession, account: mageId },
      options,
    );
    if (result !== 'deleted') return deletionErrors[result]();
    log('INFO', {
      event: revokeSessions ? 'session_key_deleted_with_sessions' : 'session_key_deleted',
      requestId: request.requestId,
      clientId: applicationId,
    });
    return ok({ statusCode: 204, headers: { ...noStore } });
  });
}

const deletionErrors = {
  unknown: () => unknownSessionKey(),
  disabled: () => disabledSessionKey(),
  contended: () => contended(),
};

/**
 * Allows only a session to manage session keys whose secret is still valid. Whoever holds a session of a secret that was
 * replaced, because it leaked perhaps, could otherwise create a key and so remain.
 */
function managing({ clients, clock }: SessionKeyOptions, operation: AccountOperation): AccountOperation {
  return async (request, account, caller) => {
    const opener = await clients.findNow(caller.client_id);
    return opener && hasSecretOf(caller, opener, clock())
      ? operation(request, account, caller)
      : replacedSecret();
  };
}

/** Whether the secret that opened the session of the caller is a valid secret of `client` at `now`, NumericDate. */
const hasSecretOf = ({ secret_id: secretId }: CallerContext, client: Client, now: number): boolean =>
  validSecrets(client, now).some(({ id }) => id === secretId);

/** A session key of the account, read strongly consistent. An id that the account does not list is not looked up. */
async function findSessionKey(
  { mageId, sessionKeys }: Account,
  applicationId: string,
  clients: Pick<ClientStore, 'findNow'>,
): Promise<Client | undefined> {
  if (!Object.hasOwn(sessionKeys, applicationId)) return undefined;
  const client = await clients.findNow(applicationId);
  return client?.account === mageId ? client : undefined;
}

/** A session key as its partner sees it, with a secret that was just generated. */
const sessionKeyBody = ({ id, name, createdAt }: Client, secret?: string) => ({
  application_id: id,
  ...(secret !== undefined && { application_secret: secret }),
  label: name,
  created_at: new Date(createdAt * 1000).toISOString(),
});

function changedSessionKey(
  client: Client,
  label: string | undefined,
  newSecret: NewClientSecret | undefined,
): Client {
  const renamed = { ...client, name: label ?? client.name };
  if (!newSecret) return renamed;
  const changed = replaceSecrets(renamed, newSecret.stored);
  if (!changed.ok) throw new Error('A session key cannot have a secret');
  return changed.value;
}

const unknownSessionKey = () => errorResult('not_found', 'This account has no key with this application_id.');
const disabledSessionKey = () =>
  errorResult('forbidden', 'This key was disabled by the operator, who alone can enable or delete it.', {
    reason: 'client_disabled',
  });
const replacedSecret = () =>
  errorResult(
    'forbidden',
    'The secret that opened this session is no longer valid, so that the session can read, but not manage keys. Open a session with a current secret.',
    { reason: 'secret_of_session_not_valid' },
  );
const contended = () =>
  errorResult('conflict', 'This key is being changed by someone else. Nothing was changed: try again.');
