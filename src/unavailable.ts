/**
 * A store could not be reached, so that nothing can be decided. It is thrown and not returned, because no caller
 * can do better than to give up: the endpoint responds with 503 and Retry-After.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';

  /**
   * @param service the store, for the log
   * @param cause what its client threw
   */
  constructor(service: string, cause: unknown) {
    super(`${service} is unavailable`, { cause });
  }
}
