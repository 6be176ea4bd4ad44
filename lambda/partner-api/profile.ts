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
    // Who has no account may not ask which there are.
    if (caller.value.account === undefined) return ok(refusal(403, 'This needs the session of an account.'));
    const mageId = request.pathParameters['mage_id'] ?? '';
    const account = mageId.length > maximumMageIdLength ? undefined : await accounts.find(mageId);
    if (!account) return ok(refusal(404, 'There is no account with this mage_id.'));
    if (account.mageId !== caller.value.account)
      return ok(refusal(403, 'This is the account of someone else.'));
    return ok(json(200, request.query['style'] === 'summary' ? summary(account) : profile(account), noStore));
  };
}

/** Characters of the longest `mage_id` that can be registered. */
const maximumMageIdLength = 64;

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
  application_ids: Object.keys(account.sessionKeys),
  created_at: new Date(account.createdAt * 1000).toISOString(),
});
