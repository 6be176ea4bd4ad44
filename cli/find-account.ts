import type { Account } from '../src/clients/account.ts';
import { Refused } from './command.ts';
import type { Stage } from './stage.ts';

/** The account as it is now. Throws `Refused` if there is none. */
export async function findAccount(stage: Stage, mageId: string): Promise<Account> {
  const account = await stage.accounts.find(mageId);
  if (!account) throw new Refused(`There is no account ${mageId} in ${stage.record.name}.`);
  return account;
}
