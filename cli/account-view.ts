import type { Account } from '../src/clients/account.ts';
import { fields } from './arguments/columns.ts';
import { isoDate } from './iso-date.ts';

/** An account for programs. */
export const accountJson = (account: Account) => ({
  mageId: account.mageId,
  firstName: account.firstName,
  lastName: account.lastName,
  email: account.email,
  screenName: account.screenName,
  status: account.status,
  sessionKeys: Object.keys(account.sessionKeys),
  createdAt: isoDate(account.createdAt),
});

/** An account for people. */
export const accountText = (account: Account): string =>
  fields({
    mage_id: account.mageId,
    'first name': account.firstName,
    'last name': account.lastName,
    email: account.email,
    status: account.status,
    'screen name': account.screenName,
    'session keys': Object.keys(account.sessionKeys).join(' ') || 'none',
    created: isoDate(account.createdAt),
  });
