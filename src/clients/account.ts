import * as v from 'valibot';

/** Session keys that an account may have in a stage, as EQP has it. */
export const maximumSessionKeys = 3;

/** An account of a marketplace: who a session acts for. */
export const Account = v.object({
  /** `MAG` and nine digits, or what was imported. */
  mageId: v.string(),
  firstName: v.string(),
  lastName: v.string(),
  email: v.string(),
  screenName: v.string(),
  /**
   * Its session keys, `maximumSessionKeys` at most: application ids, and when each place was taken, NumericDate.
   */
  sessionKeys: v.record(v.string(), v.number()),
  /** NumericDate, seconds since the epoch. */
  createdAt: v.pipe(v.number(), v.integer()),
});
export type Account = v.InferOutput<typeof Account>;
