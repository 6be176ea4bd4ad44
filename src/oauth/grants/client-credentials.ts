import { ok } from '../../result.ts';
import { grantAudience } from '../audience.ts';
import type { Grant } from '../grant.ts';
import { grantScope } from '../scope.ts';

/** RFC 6749 §4.4: the token is for the client itself. */
export const clientCredentials: Grant = {
  async grant({ authenticated: { client }, parameters, jkt }, { audience: stageAudience, policy }) {
    const grantedScope = grantScope(client, parameters.scope, policy);
    if (!grantedScope.ok) return grantedScope;
    const audience = grantAudience(client, parameters, stageAudience);
    if (!audience.ok) return audience;
    return ok({ scope: grantedScope.value, audience: audience.value, jkt });
  },
};
