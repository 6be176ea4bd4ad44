import type { Account } from './account.ts';

/** Accounts and the session keys they hold. */
export interface AccountStore {
  find(mageId: string): Promise<Account | undefined>;
  /** False where the `mage_id` is taken. */
  create(account: Account): Promise<boolean>;
  /**
   * Takes one of the account's places for a session key. The limit holds under any concurrency, because
   * it is a condition of the write itself.
   * @param now NumericDate, seconds since the epoch
   */
  addSessionKey(mageId: string, clientId: string, now: number): Promise<'added' | 'full' | 'unknown_account'>;
  /** Gives the place back; nothing happens where it was not taken. */
  removeSessionKey(mageId: string, clientId: string): Promise<void>;
}
