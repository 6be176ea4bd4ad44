/** Remembers used assertions and DPoP proofs by a hash, for as long as they could be replayed. */
export interface ReplayStore {
  /**
   * Remembers `hash` until `expiresAt`, NumericDate. False if it is remembered already.
   * @param now NumericDate, seconds since the epoch
   */
  firstUse(hash: string, expiresAt: number, now: number): Promise<boolean>;
}
