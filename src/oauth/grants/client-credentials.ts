import { ok } from '../../result.ts';
import { grantAudience } from '../audience.ts';
import type { Grant } from '../grant.ts';
import { grantScope } from '../scope.ts';

/** RFC 6749 §4.4: the token is for the client itself. */
export const clientCredentials: Grant = {
  async grant({ authenticated: { client }, parameters: { scope, resource }, jkt }, { issuer }) {
    const grantedScope = grantScope(client, scope, issuer.policy);
    if (!grantedScope.ok) return grantedScope;
    // Only RFC 8707 §2: `audience` is a parameter of token exchange.
    const audience = grantAudience(client, resource === undefined ? {} : { resource }, issuer.audience);
    if (!audience.ok) return audience;
    return ok({ scope: grantedScope.value, audience: audience.value, jkt });
  },
};
