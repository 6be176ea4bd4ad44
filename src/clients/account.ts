import * as v from 'valibot';

/** The number of session keys that an account may have in a stage, as in EQP. */
export const maximumSessionKeys = 3;

/** Characters of the longest `mage_id` that can be registered. */
export const maximumMageIdLength = 64;

/** An account of a marketplace: whom a session acts for. */
export const Account = v.object({
  /** `MAG` and nine digits, or the id that was imported. */
  mageId: v.string(),
  firstName: v.string(),
  lastName: v.string(),
  email: v.string(),
  screenName: v.string(),
  /**
   * Its session keys, at most `maximumSessionKeys`: the application id, and the NumericDate at which its place was
   * taken.
   */
  sessionKeys: v.record(v.string(), v.number()),
  /** A disabled account opens no session, and those that it has opened have ended. */
  status: v.optional(v.picklist(['enabled', 'disabled']), 'enabled'),
  /** Sessions of another generation have ended. It changes when the account is disabled. */
  sessionGeneration: v.optional(v.string(), ''),
  /** NumericDate, seconds since the epoch. */
  createdAt: v.pipe(v.number(), v.integer()),
});
export type Account = v.InferOutput<typeof Account>;

/** Accounts and the places of their session keys. */
export interface AccountStore {
  find(mageId: string): Promise<Account | undefined>;
  /** False if the `mage_id` is taken. */
  create(account: Account): Promise<boolean>;
  /**
   * Takes one of the account's places for a session key. The limit is a condition of the write itself, so that it
   * holds under any concurrency.
   * @param now NumericDate, seconds since the epoch
   */
  addSessionKey(mageId: string, clientId: string, now: number): Promise<'added' | 'full' | 'unknown_account'>;
  /** Frees the place. Does nothing if it was not taken. */
  removeSessionKey(mageId: string, clientId: string): Promise<void>;
  /** Disables the account and ends its sessions, which are all of another generation. False if it is unknown. */
  disable(mageId: string, sessionGeneration: string): Promise<boolean>;
  /** Enables the account. False if it is unknown. */
  enable(mageId: string): Promise<boolean>;
}
