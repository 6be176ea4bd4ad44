import { ok } from '../../result.ts';
import { issueAccessToken } from '../access-token.ts';
import type { Grant } from '../grants.ts';
import { grantScope } from '../scope.ts';

/** RFC 6749 §4.4: the client itself is whom the token is for. */
export const clientCredentials: Grant = async (authenticated, parameters, { issuer, signer, clock }) => {
  const scope = grantScope(authenticated.client, parameters.scope);
  if (!scope.ok) return scope;
  return ok(issueAccessToken(authenticated, scope.value, issuer, await signer(), clock()));
};
