import { maximumSessionKeys } from '../../src/clients/account.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import type { RegistrationContext, RegistrationRefusal } from '../../src/clients/client-registration.ts';
import { parseParameters } from '../../src/http/body.ts';
import { eqpRefusal } from '../../src/http/dialects/eqp.ts';
import { json, noStore } from '../../src/http/http-response.ts';
import type { Response } from '../../src/http/http-response.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { log } from '../../src/log.ts';
import { ok } from '../../src/result.ts';
import { checkLabel, keyView } from './session-key.ts';

const defaultLabel = 'Session key';

/** Registration explains itself to operators; this is for partners. */
const refusals: Readonly<Record<RegistrationRefusal['reason'], Response>> = {
  full: eqpRefusal(
    409,
    `An account has ${maximumSessionKeys} keys at most. Delete one first: DELETE /rest/v1/users/{mage_id}/keys/{application_id}. If fewer are listed, another is being created, or was not finished: try again in five minutes.`,
  ),
  unknown_account: eqpRefusal(404, 'There is no account with this mage_id.'),
  id_taken: eqpRefusal(409, 'No key was created: try again.'),
  mistake: eqpRefusal(400, 'The label is not allowed.'),
};

/** `POST /rest/v1/users/{mage_id}/keys`: one of the account's keys, whose secret is in this answer alone. */
export function createKey(context: RegistrationContext): AccountOperation {
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
      context,
    );
    if (!registered.ok) return ok(refusals[registered.error.reason]);
    const { client, secret } = registered.value;
    log('INFO', { event: 'session_key_created', requestId: request.requestId, clientId: client.id });
    return ok(json(201, keyView(client, secret), noStore));
  };
}
