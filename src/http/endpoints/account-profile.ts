import type { Account } from '../../clients/account.ts';
import { ok } from '../../result.ts';
import { json } from '../http-message.ts';
import type { AccountOperation } from '../own-account.ts';

/** `GET /rest/v1/users/{mage_id}`: the caller's own account, as Adobe's Marketplace EQP API has it. */
export const readAccountProfile: AccountOperation = async ({ query }, account) =>
  ok(json(200, query['style'] === 'summary' ? summary(account) : profile(account)));

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
