/**
 * A store could not be asked, so that nothing can be decided. Thrown, not returned: no caller can do better
 * than to give up, and the endpoint answers 503 with Retry-After.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';

  /** @param what the store, for the log; @param cause what its client threw */
  constructor(what: string, cause: unknown) {
    super(`${what} is unavailable`, { cause });
  }
}
