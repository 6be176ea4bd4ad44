import type { grantTypes } from '../clients/grant-types.ts';
import type { Clock } from '../clock.ts';
import type { OAuthError } from '../errors.ts';
import type { JwtSigner } from '../keys/sign-jwt.ts';
import type { Result } from '../result.ts';
import type { AccessTokenIssuer, GrantedToken, TokenResponse } from './access-token.ts';
import { authenticationParameters } from './client-authentication.ts';
import type { AuthenticatedClient } from './client-authentication.ts';
import { clientCredentials } from './grants/client-credentials.ts';
import { jwtBearer } from './grants/jwt-bearer.ts';
import { tokenExchange } from './grants/token-exchange.ts';
import type { ReplayStore } from './replay-store.ts';
import type { VerifiedToken } from './token-verification.ts';

/** The parameters that the token endpoint knows; others are ignored (RFC 6749 §3.2). */
export const tokenParameters = [
  'grant_type',
  ...authenticationParameters,
  'scope',
  // RFC 8707 §2, RFC 8693 §2.1
  'resource',
  'audience',
  // RFC 7523 §2.1
  'assertion',
  // RFC 8693 §2.1
  'subject_token',
  'subject_token_type',
  'requested_token_type',
  'actor_token',
] as const;
export type TokenParameters = { readonly [name in (typeof tokenParameters)[number]]?: string };

export interface GrantContext {
  readonly issuer: AccessTokenIssuer;
  /** A signer with the key that is current. */
  readonly signer: () => Promise<JwtSigner>;
  /** Assertions that were used. */
  readonly replays: ReplayStore;
  /** Verifies a token of this stage, whatever its audience. */
  readonly verifyToken: (token: string) => Promise<Result<VerifiedToken, OAuthError>>;
  readonly clock: Clock;
}

/** Who asks for a token, and with what. */
interface GrantRequest {
  readonly authenticated: AuthenticatedClient;
  readonly parameters: TokenParameters;
  /** Thumbprint of the key that a DPoP proof has shown. */
  readonly jkt: string | undefined;
}

/** One way to a token: it decides what the token is for. */
export interface Grant {
  grant(request: GrantRequest, context: GrantContext): Promise<Result<GrantedToken, OAuthError>>;
  /** Members that the answer has besides the usual ones. */
  readonly answer?: Partial<TokenResponse>;
}

/** The grants of the token endpoint by `grant_type`, which are those that metadata lists. */
export const grants: Readonly<Record<(typeof grantTypes)[number], Grant>> = {
  client_credentials: clientCredentials,
  'urn:ietf:params:oauth:grant-type:jwt-bearer': jwtBearer,
  'urn:ietf:params:oauth:grant-type:token-exchange': tokenExchange,
};
