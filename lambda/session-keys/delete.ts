import { deleteClient } from '../../src/clients/client-registration.ts';
import type { RegistrationContext } from '../../src/clients/client-registration.ts';
import { noStore } from '../../src/http/http-response.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { log } from '../../src/log.ts';
import { ok } from '../../src/result.ts';
import { applicationIdOf, findKey, unknownKey } from './session-key.ts';

/**
 * `DELETE /rest/v1/users/{mage_id}/keys/{application_id}`. The sessions of the key end with it, because an
 * authorizer refuses tokens of a client that is deleted: the caller's own, too, where it deletes the key that
 * opened its session. A key that the operator disabled may be deleted: it is as useless after as before.
 */
export function deleteKey(context: RegistrationContext): AccountOperation {
  return async (request, account) => {
    const applicationId = applicationIdOf(request, request.query['application_id']);
    if (!applicationId.ok) return applicationId;
    const client = await findKey(account, applicationId.value, context.clients);
    if (!client || !(await deleteClient(client.id, context))) return ok(unknownKey);
    log('INFO', { event: 'session_key_deleted', requestId: request.requestId, clientId: client.id });
    return ok({ statusCode: 204, headers: { ...noStore } });
  };
}
