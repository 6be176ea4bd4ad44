/** What may be used once: assertions and proofs, by a hash, for as long as they could be replayed. */
export interface ReplayStore {
  /**
   * Remembers `hash` until `expiresAt`; false where it is remembered already.
   * @param now NumericDate, seconds since the epoch
   */
  firstUse(hash: string, expiresAt: number, now: number): Promise<boolean>;
}
