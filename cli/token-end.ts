import type { Client } from '../src/clients/client.ts';
import type { Stage } from './stage.ts';

/** What becomes of the live tokens of a client that is disabled or deleted, or whose tokens are revoked. */
export function tokensAreRefused(client: Client, { record }: Stage): string {
  const { authorizerCacheSeconds: delay } = record;
  const when =
    delay === 0 ? 'at once, and so does introspection' : `within ${delay} seconds, introspection at once`;
  if (client.account !== undefined) return `The Lambda authorizer refuses its session tokens ${when}.`;
  return `The Lambda authorizer refuses its access tokens ${when}. API Gateway's own JWT authorizer, which asks no one, accepts a JWT until it expires.`;
}
