import type { Result } from '../result.ts';
import type { TokenResponse } from './access-token.ts';
import { authenticateClient } from './client-authentication.ts';
import type { AuthenticationContext } from './client-authentication.ts';
import { refuse } from './errors.ts';
import type { OAuthError } from './errors.ts';
import { grants } from './grants.ts';
import type { GrantContext, TokenParameters } from './grants.ts';

export type TokenEndpointContext = AuthenticationContext & GrantContext;

/** A token and, for the log, who got it. */
export interface IssuedToken {
  readonly response: TokenResponse;
  readonly clientId: string;
  readonly grantType: string;
}

/** The token endpoint (RFC 6749 §3.2), between a parsed request and the answer as a value. */
export async function requestToken(
  authorization: string | undefined,
  parameters: TokenParameters,
  context: TokenEndpointContext,
): Promise<Result<IssuedToken, OAuthError>> {
  const { grant_type: grantType } = parameters;
  if (grantType === undefined) return refuse('invalid_request', 'grant_type is missing.');
  const grant = Object.hasOwn(grants, grantType) ? grants[grantType] : undefined;
  if (!grant) return refuse('unsupported_grant_type');

  const authenticated = await authenticateClient({ authorization, ...parameters }, context);
  if (!authenticated.ok) return authenticated;
  const { client } = authenticated.value;
  if (!client.grants.includes(grantType)) {
    return refuse('unauthorized_client', undefined, { clientId: client.id });
  }
  const issued = await grant(authenticated.value, parameters, context);
  if (!issued.ok) return issued;
  return { ok: true, value: { response: issued.value, clientId: client.id, grantType } };
}
