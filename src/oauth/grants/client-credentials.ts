import { ok } from '../../result.ts';
import { grantAudience } from '../audience.ts';
import type { Grant } from '../grant.ts';
import { grantScope } from '../scope.ts';

/** RFC 6749 §4.4: the token is for the client itself. */
export const clientCredentials: Grant = {
  async grant({ authenticated: { client }, parameters, jkt }, { issuer }) {
    const grantedScope = grantScope(client, parameters.scope, issuer.policy);
    if (!grantedScope.ok) return grantedScope;
    const audience = grantAudience(client, parameters, issuer.audience);
    if (!audience.ok) return audience;
    return ok({ scope: grantedScope.value, audience: audience.value, jkt });
  },
};
