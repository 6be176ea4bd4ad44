/** When each secret of a client was last used. Kept apart from the client, whose record requests only read. */
export interface SecretUseStore {
  /** NumericDate of the last use, to the hour; undefined where it was never used. */
  lastUse(clientId: string, secretId: string): Promise<number | undefined>;
  /** Notes a use at `now`, NumericDate. */
  noteUse(clientId: string, secretId: string, now: number): Promise<void>;
}
