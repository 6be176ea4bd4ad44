import { callerOf } from '../../src/http/authorizer-context.ts';
import type { EndpointOptions } from '../../src/http/endpoint.ts';
import { json, noStore } from '../../src/http/response.ts';
import { ok } from '../../src/result.ts';
import type { Account } from '../../src/oauth/account.ts';

interface AccountReader {
  find(mageId: string): Promise<Account | undefined>;
}

/** `GET /rest/v1/users/{mage_id}`: one's own account, as Adobe's Marketplace EQP API has it. */
export function readProfile(accounts: AccountReader): EndpointOptions['handle'] {
  return async (request) => {
    const caller = callerOf(request);
    if (!caller.ok) return caller;
    const account = await accounts.find(request.pathParameters['mage_id'] ?? '');
    if (!account) return ok(refusal(404, 'There is no account with this mage_id.'));
    if (account.mageId !== caller.value.account)
      return ok(refusal(403, 'This is the account of someone else.'));
    return ok(json(200, request.query['style'] === 'summary' ? summary(account) : profile(account), noStore));
  };
}

const refusal = (code: number, message: string) => json(code, { code, message }, noStore);

const summary = ({ mageId, firstName, lastName, email, screenName }: Account) => ({
  mage_id: mageId,
  first_name: firstName,
  last_name: lastName,
  email,
  screen_name: screenName,
});

const profile = (account: Account) => ({
  ...summary(account),
  application_ids: account.sessionKeys,
  created_at: new Date(account.createdAt * 1000).toISOString(),
});
