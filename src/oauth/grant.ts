import type { Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import type { RequestError } from '../errors.ts';
import type { Result } from '../result.ts';
import type { AccessTokenIssuer, GrantedToken } from './access-token.ts';
import type { AuthenticatedClient } from './client-authentication.ts';
import { authenticationParameters } from './client-authentication/method.ts';
import type { Dialect } from './dialect.ts';
import type { ReplayStore } from './replay-store.ts';
import type { VerifiedAccessToken, VerifyToken } from './token-verification.ts';

/** The parameters of the token endpoint. Others are ignored (RFC 6749 §3.2). */
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

export interface GrantCapabilities extends AccessTokenIssuer {
  /** `aud` of a token whose client requests no other audience. */
  readonly audience: string;
  /** Read strongly consistent, as for client authentication. */
  readonly findClient: (clientId: string) => Promise<Client | undefined>;
  /** Remembers used assertions. */
  readonly replays: ReplayStore;
  /** Verifies an access token of this stage, whatever its audience. */
  readonly verifyToken: VerifyToken<VerifiedAccessToken>;
  readonly dialect: Dialect;
  readonly clock: Clock;
}

/** An authenticated client's request for a token. */
interface GrantRequest {
  readonly authenticated: AuthenticatedClient;
  readonly parameters: TokenParameters;
  /** Thumbprint of the key of the request's DPoP proof. */
  readonly jkt: string | undefined;
}

/** One way to get a token (RFC 6749 §1.3). */
export interface Grant {
  /**
   * Identifies the client of a request without credentials by the parameters of the grant. Client authentication is
   * optional for a grant that has this (RFC 7521 §4.1), and required for the others (RFC 6749 §3.2.1).
   * @param named ids of clients that the request names besides
   */
  readonly identify?: (
    parameters: TokenParameters,
    named: readonly string[],
    capabilities: GrantCapabilities,
  ) => Promise<Result<AuthenticatedClient, RequestError>>;
  readonly grant: (
    request: GrantRequest,
    capabilities: GrantCapabilities,
  ) => Promise<Result<GrantedToken, RequestError>>;
  /** `issued_token_type` of the response, which only a token exchange has (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string;
}
