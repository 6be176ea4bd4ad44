import type { Clock } from '../clock.ts';
import type { JwtSigner } from '../keys/sign-jwt.ts';
import type { Result } from '../result.ts';
import type { AccessTokenIssuer, TokenResponse } from './access-token.ts';
import type { AuthenticatedClient } from './client-authentication.ts';
import type { OAuthError } from './errors.ts';
import { clientCredentials } from './grants/client-credentials.ts';

/** The parameters that the token endpoint knows; others are ignored (RFC 6749 §3.2). */
export const tokenParameters = ['grant_type', 'client_id', 'client_secret', 'scope'] as const;
export type TokenParameters = { readonly [name in (typeof tokenParameters)[number]]?: string };

export interface GrantContext {
  readonly issuer: AccessTokenIssuer;
  /** A signer with the key that is current. */
  readonly signer: () => Promise<JwtSigner>;
  readonly clock: Clock;
}

export type Grant = (
  authenticated: AuthenticatedClient,
  parameters: TokenParameters,
  context: GrantContext,
) => Promise<Result<TokenResponse, OAuthError>>;

/** The grants of the token endpoint by `grant_type`; metadata lists them from here. */
export const grants: Readonly<Record<string, Grant>> = {
  client_credentials: clientCredentials,
};
