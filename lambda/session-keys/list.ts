import type { RegistrationContext } from '../../src/clients/client-registration.ts';
import { json, noStore } from '../../src/http/http-response.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { ok } from '../../src/result.ts';
import { findKey, keyView } from './session-key.ts';

/** `GET /rest/v1/users/{mage_id}/keys`: the oldest key first. */
export function listKeys({ clients }: RegistrationContext): AccountOperation {
  return async (_request, account) => {
    const ids = Object.keys(account.sessionKeys);
    const found = await Promise.all(ids.map((id) => findKey(account, id, clients)));
    const keys = found
      .filter((client) => client !== undefined)
      .toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
    return ok(json(200, { keys: keys.map((client) => keyView(client)) }, noStore));
  };
}
