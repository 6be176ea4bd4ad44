import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { hashSessionToken } from '../sessions/session-token.ts';
import { authenticateClient, authenticationParameters } from './client-authentication.ts';
import type { AuthenticationContext } from './client-authentication.ts';
import { recognizeToken } from './token-verification.ts';
import type { VerificationContext } from './token-verification.ts';

/** RFC 7009 §2.1. `token_type_hint` is only a hint: a token says itself of which kind it is. */
export const revocationParameters = [...authenticationParameters, 'token'] as const;
type RevocationParameters = { readonly [name in (typeof revocationParameters)[number]]?: string };

export interface TokenRevoker {
  /** Remembers until `expiresAt`, NumericDate, that the JWT is void. */
  revokeJwt(jti: string, expiresAt: number): Promise<void>;
  endSession(tokenHash: string): Promise<void>;
}

export interface RevocationContext extends AuthenticationContext, VerificationContext {
  readonly revocations: TokenRevoker;
}

/** What was done, for the log. */
export interface Revocation {
  readonly clientId: string;
  /** False where there was nothing to end: the token is unknown, or has ended already. */
  readonly revoked: boolean;
}

/** Ends a token of the client that asks (RFC 7009). A store that cannot be written throws: it is never a 200. */
export async function revokeToken(
  authorization: string | undefined,
  parameters: RevocationParameters,
  context: RevocationContext,
): Promise<Result<Revocation, OAuthError>> {
  const authenticated = await authenticateClient({ authorization, ...parameters }, context);
  if (!authenticated.ok) return authenticated;
  const clientId = authenticated.value.client.id;
  const { token } = parameters;
  if (token === undefined) return refuse('invalid_request', 'token is missing.', { clientId });

  const recognized = await recognizeToken(token, context);
  // RFC 7009 §2.2: an invalid token is no error, for the client has what it wants.
  if (!recognized.ok) return ok({ clientId, revoked: false });
  const { kind, jti, expiresAt, clientId: owner } = recognized.value;
  if (owner !== clientId) return refuse('token_of_another_client', undefined, { clientId });
  if (kind === 'session') await context.revocations.endSession(hashSessionToken(token));
  else await context.revocations.revokeJwt(jti ?? '', expiresAt);
  return ok({ clientId, revoked: true });
}
