import * as v from 'valibot';

/** What a session token stands for. The token itself is not part of it: a stolen table opens no session. */
export const Session = v.object({
  clientId: v.string(),
  /** Id of the secret that opened it. Only while that secret is valid may the session manage session keys. */
  secretId: v.optional(v.string(), ''),
  /** `tokenGeneration` of the client when it was opened. A session without it is refused. */
  tokenGeneration: v.exactOptional(v.string()),
  /** `mage_id` of the account that the session acts for. */
  account: v.string(),
  /** `sessionGeneration` that the account had when the session was opened. */
  sessionGeneration: v.optional(v.string(), ''),
  /** Space-separated (RFC 6749 §3.3); may be empty. */
  scope: v.string(),
  /** NumericDate, seconds since the epoch. */
  issuedAt: v.pipe(v.number(), v.integer()),
  /** NumericDate, and the item's time to live. */
  expiresAt: v.pipe(v.number(), v.integer()),
});
export type Session = v.InferOutput<typeof Session>;

/** Sessions by the hash of their token: `hashSessionToken`. */
export interface SessionStore {
  put(tokenHash: string, session: Session): Promise<void>;
  /** Also finds a session that was just written. May return one that has expired. */
  find(tokenHash: string): Promise<Session | undefined>;
  /** Does nothing if there is no such session. */
  delete(tokenHash: string): Promise<void>;
}
