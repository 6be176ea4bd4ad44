import type { Account } from '../../src/clients/account.ts';
import { json, noStore } from '../../src/http/http-response.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { ok } from '../../src/result.ts';

/** `GET /rest/v1/users/{mage_id}`: one's own account, as Adobe's Marketplace EQP API has it. */
export const readProfile: AccountOperation = async ({ query }, account) =>
  ok(json(200, query['style'] === 'summary' ? summary(account) : profile(account), noStore));

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
