import { maximumSessionKeys } from '../../clients/account.ts';
import type { Account } from '../../clients/account.ts';
import { replaceSecrets } from '../../clients/client-changes.ts';
import { deleteClient, registerClient } from '../../clients/client-registration.ts';
import type { RegistrationFailure, Registry } from '../../clients/client-registration.ts';
import { newClientSecret } from '../../clients/client-secret.ts';
import type { NewClientSecret } from '../../clients/client-secret.ts';
import type { ClientStore } from '../../clients/client-store.ts';
import type { Client } from '../../clients/client.ts';
import { nameProblem } from '../../clients/name.ts';
import { errorResult } from '../../errors.ts';
import type { RequestError } from '../../errors.ts';
import type { Log } from '../../log.ts';
import { ok } from '../../result.ts';
import type { Result } from '../../result.ts';
import { isForm, parseBody, parseParameters, stringParameters } from '../body.ts';
import type { HttpRequest } from '../http-request.ts';
import { json, noStore } from '../http-response.ts';
import type { AccountOperation } from '../own-account.ts';

interface SessionKeyOptions extends Registry {
  readonly log: Log;
}

/** `GET /rest/v1/users/{mage_id}/keys`: the session keys of the account, the oldest first. */
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

/** `POST /rest/v1/users/{mage_id}/keys`: creates a session key. Only this response contains its secret. */
export function createSessionKey({ log, ...registry }: SessionKeyOptions): AccountOperation {
  return async (request, { mageId }) => {
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
      registry,
    );
    if (!registered.ok) return registrationErrors[registered.error.reason]();
    const { client, secret } = registered.value;
    log('INFO', { event: 'session_key_created', requestId: request.requestId, clientId: client.id });
    return ok(json(201, sessionKeyBody(client, secret)));
  };
}

/** The registry describes its problems to operators. These descriptions are for partners. */
const registrationErrors: Readonly<Record<RegistrationFailure['reason'], () => Result<never, RequestError>>> =
  {
    full: () =>
      errorResult(
        'conflict',
        `An account has at most ${maximumSessionKeys} keys. Delete one first: DELETE /rest/v1/users/{mage_id}/keys/{application_id}. If fewer are listed, another is being created, or was not completed: try again in five minutes.`,
      ),
    unknown_account: () => errorResult('not_found', 'There is no account with this mage_id.'),
    id_taken: () => errorResult('conflict', 'No key was created: try again.'),
    invalid: () => errorResult('invalid_request', 'The label is not allowed.'),
  };

/** How often a change is tried if someone else writes the same session key between our read and our write. */
const attempts = 3;

/**
 * `PUT /rest/v1/users/{mage_id}/keys/{application_id}`: changes the label, the secret, or both. The old secret is
 * revoked at once. The sessions that it opened remain valid until they expire.
 */
export function updateSessionKey({ clients, secretKey, clock, log }: SessionKeyOptions): AccountOperation {
  return async (request, account) => {
    const change = parseChange(request);
    if (!change.ok) return change;
    const { applicationId, label, regenerate } = change.value;

    let newSecret: NewClientSecret | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const client = await findSessionKey(account, applicationId, clients);
      if (!client) return unknownSessionKey();
      if (client.status === 'disabled') {
        return errorResult('forbidden', 'This key was disabled by the operator, who alone can enable it.');
      }
      if (regenerate) newSecret ??= newClientSecret(await secretKey(), client, clock());
      const changed = changedSessionKey(client, label, newSecret);
      if (!(await clients.replace(changed))) continue;
      log('INFO', {
        event: newSecret ? 'session_key_secret_regenerated' : 'session_key_renamed',
        requestId: request.requestId,
        clientId: client.id,
      });
      return ok(json(200, sessionKeyBody(changed, newSecret?.secret)));
    }
    return errorResult(
      'conflict',
      'This key is being changed by someone else. Nothing was changed: try again.',
    );
  };
}

/**
 * `DELETE /rest/v1/users/{mage_id}/keys/{application_id}`. The sessions of the key become invalid with it, because an
 * authorizer refuses the tokens of a deleted client. That includes the caller's session, if the key opened it. A key
 * that the operator disabled may be deleted: it cannot be used either way.
 */
export function deleteSessionKey({ log, ...registry }: SessionKeyOptions): AccountOperation {
  return async (request, account) => {
    const applicationId = parseApplicationId(request, request.query['application_id']);
    if (!applicationId.ok) return applicationId;
    const client = await findSessionKey(account, applicationId.value, registry.clients);
    if (!client || !(await deleteClient(client.id, registry))) return unknownSessionKey();
    log('INFO', { event: 'session_key_deleted', requestId: request.requestId, clientId: client.id });
    return ok({ statusCode: 204, headers: { ...noStore } });
  };
}

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

interface SessionKeyChange {
  readonly applicationId: string;
  readonly label: string | undefined;
  readonly regenerate: boolean;
}

function parseChange(request: HttpRequest): Result<SessionKeyChange, RequestError> {
  const members = parseBody(request);
  if (!members.ok) return members;
  const parameters = stringParameters(members.value, ['application_id', 'label']);
  if (!parameters.ok) return parameters;
  const applicationId = parseApplicationId(request, parameters.value.application_id);
  if (!applicationId.ok) return applicationId;
  const label = checkLabel(parameters.value.label);
  if (!label.ok) return label;
  const regenerate = parseFlag(members.value.get('regenerate_secret'), request);
  if (regenerate === undefined) {
    return errorResult('invalid_request', 'regenerate_secret must be true or false.');
  }
  if (label.value === undefined && !regenerate) {
    return errorResult(
      'invalid_request',
      'There is nothing to change: send a label, or regenerate_secret as true.',
    );
  }
  return ok({ applicationId: applicationId.value, label: label.value, regenerate });
}

/** The id of the requested session key: that in the path, or else that in the query or the body. */
function parseApplicationId(
  { pathParameters }: HttpRequest,
  elsewhere: string | undefined,
): Result<string, RequestError> {
  const inPath = pathParameters['application_id'];
  const id = inPath ?? elsewhere ?? '';
  if (id === '') return errorResult('invalid_request', 'application_id is missing.');
  if (inPath !== undefined && elsewhere !== undefined && inPath !== elsewhere) {
    return errorResult('invalid_request', 'application_id differs from the one in the path.');
  }
  return ok(id);
}

/** A label becomes the name of the client. */
function checkLabel(label: string | undefined): Result<string | undefined, RequestError> {
  const problem = label === undefined ? undefined : nameProblem(label);
  return problem === undefined ? ok(label) : errorResult('invalid_request', `label ${problem}.`);
}

const flags: ReadonlyMap<unknown, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** Every value of a form is a string. In JSON a flag must be a boolean. Undefined if it is neither true nor false. */
function parseFlag(value: unknown, request: HttpRequest): boolean | undefined {
  if (value === undefined || value === '') return false;
  if (isForm(request)) return flags.get(value);
  return typeof value === 'boolean' ? value : undefined;
}

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
