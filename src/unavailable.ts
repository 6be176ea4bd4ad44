/** What can be unavailable: a service of AWS, or keys that a first rotation has not created yet. */
export type UnavailableService =
  'DynamoDB' | 'Secrets Manager' | 'CloudFormation' | 'The signing key set' | 'The key set';

/**
 * A store could not be reached, so that nothing can be decided. It is thrown and not returned, because no caller
 * can do better than to give up: the endpoint responds with 503 and Retry-After.
 */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';

  /** The store, for the log. */
  readonly service: UnavailableService;

  /** @param cause what the client of the store threw */
  constructor(service: UnavailableService, cause: unknown) {
    super(`${service} is unavailable`, { cause });
    this.service = service;
  }
}
