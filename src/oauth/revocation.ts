import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { namedWithoutCredentials } from './client-authentication.ts';
import type { AuthenticateClient } from './client-authentication.ts';
import { authenticationParameters } from './client-authentication/method.ts';
import type { Dialect } from './dialect.ts';
import type { VerifiedToken, VerifyToken } from './token-verification.ts';

/** RFC 7009 §2.1. `token_type_hint` is ignored: the form of a token shows its kind. */
export const revocationParameters = [...authenticationParameters, 'token'] as const;
type RevocationParameters = { readonly [name in (typeof revocationParameters)[number]]?: string };

export interface TokenRevoker {
  /** Remembers until `expiresAt`, NumericDate, that the JWT is revoked. */
  revokeJwt(jti: string, expiresAt: number): Promise<void>;
  deleteSession(token: string): Promise<void>;
}

export interface RevocationCapabilities {
  readonly authenticateClient: AuthenticateClient;
  /** A token that is revoked already can be revoked again, so it need not be verified completely. */
  readonly recognizeToken: VerifyToken;
  readonly revoker: TokenRevoker;
  readonly dialect: Dialect;
}

/** What was done, for the log. */
export interface Revocation {
  readonly clientId: string;
  /** Undefined if there was nothing to revoke: the token is unknown or has expired. */
  readonly revoked: VerifiedToken | undefined;
}

/**
 * Revokes a token of the client that requests it (RFC 7009). A store that cannot be written throws, so that the
 * response is never 200.
 */
export async function revokeToken(
  authorization: string | undefined,
  parameters: RevocationParameters,
  { authenticateClient, recognizeToken, revoker, dialect }: RevocationCapabilities,
): Promise<Result<Revocation, RequestError>> {
  const request = { authorization, ...parameters };
  const authenticated = await authenticateClient(request);
  if (!authenticated.ok) {
    const namesClient = namedWithoutCredentials(request)?.length !== 0;
    const unnamed = dialect.unnamedRevocation;
    return namesClient || unnamed === authenticated.error.code ? authenticated : errorResult(unnamed);
  }
  const clientId = authenticated.value.client.id;
  const { token } = parameters;
  if (token === undefined) return errorResult('invalid_request', 'token is missing.', { clientId });

  const recognized = await recognizeToken(token);
  // RFC 7009 §2.2: an invalid token is not an error, because the client has what it wants.
  if (!recognized.ok) return ok({ clientId, revoked: undefined });
  const revoked = recognized.value;
  if (revoked.clientId !== clientId) return errorResult('token_of_another_client', undefined, { clientId });
  if (revoked.kind === 'session') await revoker.deleteSession(token);
  else await revoker.revokeJwt(revoked.jti, revoked.expiresAt);
  return ok({ clientId, revoked });
}
