import { maximumMageIdLength } from '../clients/account.ts';
import type { Account, AccountStore } from '../clients/account.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { callerOf } from './authorizer-context.ts';
import type { CallerContext } from './authorizer-context.ts';
import type { RequestHandler } from './endpoint.ts';
import type { HttpRequest } from './http-message.ts';

/** Handles a request for the caller's own account. */
export type AccountOperation = (
  request: HttpRequest,
  account: Account,
  caller: CallerContext,
) => ReturnType<RequestHandler>;

/** Allows a caller to do something with the account that the path names, if it is the caller's own. */
export function ownAccount(
  accounts: Pick<AccountStore, 'find'>,
  operation: AccountOperation,
): RequestHandler {
  return async (request) => {
    const caller = callerOf(request);
    if (!caller.ok) return caller;
    const { account: mageId, client_id: clientId } = caller.value;
    const found = await findOwnAccount(request.pathParameters['mage_id'] ?? '', mageId, accounts);
    const result = found.ok ? await operation(request, found.value, caller.value) : found;
    return result.ok ? result : { ok: false, error: { ...result.error, clientId } };
  };
}

async function findOwnAccount(
  requested: string,
  own: string | undefined,
  accounts: Pick<AccountStore, 'find'>,
): Promise<Result<Account, RequestError>> {
  // A caller without an account must not learn which accounts exist.
  if (own === undefined) return errorResult('forbidden', 'This requires the session of an account.');
  const account = requested.length > maximumMageIdLength ? undefined : await accounts.find(requested);
  if (!account) return errorResult('not_found', 'There is no account with this mage_id.');
  if (account.mageId !== own) return errorResult('forbidden', 'This is the account of someone else.');
  return account.status === 'disabled'
    ? errorResult('account_disabled', undefined, { reason: 'account_disabled' })
    : ok(account);
}
