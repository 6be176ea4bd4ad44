import { randomInt } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { AccountStore } from './account-store.ts';
import type { Account } from './account.ts';

/** What an operator says of a new account. */
export interface AccountRegistration {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly screenName?: string;
  /** A `mage_id` that the partner already has; made up where it is left out. */
  readonly mageId?: string;
}

/** Creates an account, or says what is wrong with what the operator asked for. */
export async function registerAccount(
  { firstName, lastName, email, screenName, mageId }: AccountRegistration,
  { accounts, clock }: { accounts: AccountStore; clock: Clock },
): Promise<Result<Account, string>> {
  const texts = { 'first name': firstName, 'last name': lastName, 'screen name': screenName ?? firstName };
  const bad = Object.entries(texts).find(([, text]) => !/^[^\p{C}]{1,100}$/u.test(text));
  if (bad) return failed(`The ${bad[0]} must have 1 to 100 characters, on one line.`);
  if (!/^[^\s@]{1,64}@[^\s@]{1,190}$/.test(email))
    return failed('The e-mail address must look like name@example.com.');
  if (mageId !== undefined && !/^[A-Za-z0-9._-]{1,64}$/.test(mageId)) {
    return failed(
      'A mage_id must have 1 to 64 letters, digits, dots, underscores or hyphens, such as MAG123456789.',
    );
  }
  const account: Account = {
    mageId: mageId ?? `MAG${String(randomInt(1e9)).padStart(9, '0')}`,
    firstName,
    lastName,
    email,
    screenName: screenName ?? `${firstName} ${lastName}`,
    sessionKeys: {},
    createdAt: clock(),
  };
  if (await accounts.create(account)) return ok(account);
  return failed(`There is an account ${account.mageId} already.`);
}
