import { Unavailable } from '../unavailable.ts';
import type { UnavailableService } from '../unavailable.ts';

/** Settings of a client that gives up before the function times out: three attempts of at most a second each. */
export const clientSettings = {
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_000, throwOnRequestTimeout: true },
} as const;

/** Makes every failure of a service, or of the connection to it, `Unavailable`. */
export function callsTo(service: UnavailableService) {
  return async <Output>(operation: Promise<Output>): Promise<Output> => {
    try {
      return await operation;
    } catch (error) {
      throw new Unavailable(service, error);
    }
  };
}
