import * as v from 'valibot';

/** What a session token stands for. Its token is not in it: a stolen table opens no session. */
export const Session = v.object({
  clientId: v.string(),
  /** `mage_id` of the account that the session acts for. */
  account: v.string(),
  /** Space-separated (RFC 6749 §3.3); may be empty. */
  scope: v.string(),
  /** NumericDate, seconds since the epoch. */
  issuedAt: v.pipe(v.number(), v.integer()),
  /** NumericDate, and the item's time to live. */
  expiresAt: v.pipe(v.number(), v.integer()),
});
export type Session = v.InferOutput<typeof Session>;
