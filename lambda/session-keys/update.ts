import { newClientSecret, replaceSecrets } from '../../src/clients/client-changes.ts';
import type { NewClientSecret } from '../../src/clients/client-changes.ts';
import type { RegistrationContext } from '../../src/clients/client-registration.ts';
import type { Client } from '../../src/clients/client.ts';
import { refuse } from '../../src/errors.ts';
import type { OAuthError } from '../../src/errors.ts';
import { isForm, parseBody, textParameters } from '../../src/http/body.ts';
import { eqpRefusal } from '../../src/http/dialects/eqp.ts';
import type { Request } from '../../src/http/http-request.ts';
import { json, noStore } from '../../src/http/http-response.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { log } from '../../src/log.ts';
import { ok } from '../../src/result.ts';
import type { Result } from '../../src/result.ts';
import { applicationIdOf, checkLabel, findKey, keyView, unknownKey } from './session-key.ts';

/** Times that a change is tried when someone else writes the same key between our read and write. */
const attempts = 3;

/**
 * `PUT /rest/v1/users/{mage_id}/keys/{application_id}`: another label, another secret, or both. The secret that
 * was ends at once; the sessions that it opened live on until they run out.
 */
export function updateKey({ clients, secretKey, clock }: RegistrationContext): AccountOperation {
  return async (request, account) => {
    const wanted = changeIn(request);
    if (!wanted.ok) return wanted;
    const { applicationId, label, regenerate } = wanted.value;

    let made: NewClientSecret | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const client = await findKey(account, applicationId, clients);
      if (!client) return ok(unknownKey);
      if (client.status === 'disabled') {
        return ok(eqpRefusal(403, 'This key was disabled by the operator, who alone can enable it.'));
      }
      if (regenerate) made ??= newClientSecret(await secretKey(), client, clock());
      const next = changed(client, label, made);
      if (!(await clients.replace(next))) continue;
      log('INFO', {
        event: made ? 'session_key_secret_regenerated' : 'session_key_renamed',
        requestId: request.requestId,
        clientId: client.id,
      });
      return ok(json(200, keyView(next, made?.secret), noStore));
    }
    return ok(eqpRefusal(409, 'This key is being changed by someone else. Nothing was done: try again.'));
  };
}

interface Change {
  readonly applicationId: string;
  readonly label: string | undefined;
  readonly regenerate: boolean;
}

function changeIn(request: Request): Result<Change, OAuthError> {
  const members = parseBody(request);
  if (!members.ok) return members;
  const texts = textParameters(members.value, ['application_id', 'label']);
  if (!texts.ok) return texts;
  const applicationId = applicationIdOf(request, texts.value.application_id);
  if (!applicationId.ok) return applicationId;
  const label = checkLabel(texts.value.label);
  if (!label.ok) return label;
  const regenerate = flagIn(members.value.get('regenerate_secret'), request);
  if (regenerate === undefined) {
    return refuse('invalid_request', 'regenerate_secret must be true or false.');
  }
  if (label.value === undefined && !regenerate) {
    return refuse('invalid_request', 'There is nothing to change: give label, or regenerate_secret as true.');
  }
  return ok({ applicationId: applicationId.value, label: label.value, regenerate });
}

const flags: ReadonlyMap<unknown, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** In a form every value is text; in JSON a flag must be one. Undefined where it is neither true nor false. */
function flagIn(value: unknown, request: Request): boolean | undefined {
  if (value === undefined || value === '') return false;
  if (isForm(request)) return flags.get(value);
  return typeof value === 'boolean' ? value : undefined;
}

function changed(client: Client, label: string | undefined, made: NewClientSecret | undefined): Client {
  const named = { ...client, name: label ?? client.name };
  if (!made) return named;
  const replaced = replaceSecrets(named, made.stored);
  if (!replaced.ok) throw new Error('A session key cannot have a secret');
  return replaced.value;
}
