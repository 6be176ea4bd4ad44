import { ok } from '../../result.ts';
import type { Grant } from '../grants.ts';
import { grantScope } from '../scope.ts';
import { grantTarget } from '../target.ts';

/** RFC 6749 §4.4: the client itself is whom the token is for. */
export const clientCredentials: Grant = {
  async grant({ authenticated: { client }, parameters, jkt }, { issuer }) {
    const scope = grantScope(client, parameters.scope, issuer.policy);
    if (!scope.ok) return scope;
    // RFC 8707 §2 alone: `audience` is a parameter of token exchange.
    const { resource } = parameters;
    const audience = grantTarget(client, resource === undefined ? {} : { resource }, issuer.audience);
    if (!audience.ok) return audience;
    return ok({ scope: scope.value, audience: audience.value, jkt });
  },
};
