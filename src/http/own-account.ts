import type { Account } from '../clients/account.ts';
import type { OAuthError } from '../errors.ts';
import { log } from '../log.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { callerOf } from './authorizer-context.ts';
import { eqpRefusal } from './dialects/eqp.ts';
import type { EndpointOptions } from './endpoint.ts';
import type { Request } from './http-request.ts';
import type { Response } from './http-response.ts';

interface AccountReader {
  find(mageId: string): Promise<Account | undefined>;
}

/** Answers a request for the caller's own account. */
export type AccountOperation = (request: Request, account: Account) => Promise<Result<Response, OAuthError>>;

/** Lets a caller do something with its own account, which the path names, and with no other. */
export function ownAccount(accounts: AccountReader, operation: AccountOperation): EndpointOptions['handle'] {
  return async (request) => {
    const caller = callerOf(request);
    if (!caller.ok) return caller;
    const { account: mageId, client_id: clientId } = caller.value;
    const found = await findOwn(request.pathParameters['mage_id'] ?? '', mageId, accounts);
    const answered = found.ok ? await operation(request, found.value) : ok(found.error);
    const status = answered.ok ? (answered.value.statusCode ?? 0) : 0;
    if (status >= 400) {
      log('WARN', { event: 'request_refused', requestId: request.requestId, status, clientId });
    }
    return answered;
  };
}

/** Characters of the longest `mage_id` that can be registered. */
const maximumMageIdLength = 64;

async function findOwn(
  wanted: string,
  own: string | undefined,
  accounts: AccountReader,
): Promise<Result<Account, Response>> {
  // Who has no account may not ask which there are.
  if (own === undefined) return failed(eqpRefusal(403, 'This needs the session of an account.'));
  const account = wanted.length > maximumMageIdLength ? undefined : await accounts.find(wanted);
  if (!account) return failed(eqpRefusal(404, 'There is no account with this mage_id.'));
  if (account.mageId === own) return ok(account);
  return failed(eqpRefusal(403, 'This is the account of someone else.'));
}
