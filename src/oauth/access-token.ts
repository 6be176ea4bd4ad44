import { randomUUID } from 'node:crypto';
import type { JwtSigner } from '../keys/sign-jwt.ts';
import type { AuthenticatedClient } from './client-authentication.ts';
import { scopeTokens } from './scope.ts';
import type { TokenPolicy } from './stage-policies.ts';

/** What a stage states in each of its access tokens. */
export interface AccessTokenIssuer {
  /** `iss`: the stage's URL. */
  readonly issuer: string;
  readonly policy: TokenPolicy;
}

/** Claims that a grant may add, and no others: it cannot replace what the server states of every token. */
export interface GrantClaims {
  /** Whom the client acts for, as Commerce Layer's tokens state it. */
  readonly owner?: unknown;
  readonly custom_claim?: unknown;
  /** The actors of an exchanged token (RFC 8693 §4.1). */
  readonly act?: unknown;
  /** The tokens that an exchanged token comes from. */
  readonly origin?: unknown;
}

/** The result of a grant: what the token is to contain. */
export interface GrantedToken {
  readonly scope: string;
  readonly audience: string;
  /** Thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
  readonly jkt?: string | undefined;
  /** `sub`, if it is not the client. */
  readonly subject?: string;
  /** Claims of the grant itself. */
  readonly claims?: GrantClaims;
  /** NumericDate by which the token must have expired: when the token that it is exchanged for expires. */
  readonly expiresBy?: number;
}

/** The response of the token endpoint: exactly these members (RFC 6749 §5.1, and Doorkeeper's `created_at`). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'bearer' | 'DPoP';
  /** Seconds. */
  readonly expires_in: number;
  readonly scope: string;
  /** NumericDate, seconds since the epoch. */
  readonly created_at: number;
  /** Only of a token exchange (RFC 8693 §2.2.1). */
  readonly issued_token_type?: string;
}

/** The response of the token endpoint and, for the log, the name of the token in it. */
interface IssuedAccessToken {
  readonly response: TokenResponse;
  readonly jti: string;
}

/**
 * Issues an access token as a signed JWT (RFC 9068).
 * @param issuedAt `iat`, NumericDate
 */
export function issueAccessToken(
  { client, method }: AuthenticatedClient,
  { scope, audience, jkt, subject = client.id, claims, expiresBy = Infinity }: GrantedToken,
  { issuer, policy }: AccessTokenIssuer,
  sign: JwtSigner,
  issuedAt: number,
): IssuedAccessToken {
  const jti = randomUUID();
  const requested = client.tokenLifetime ?? policy.accessTokenLifetime[client.kind];
  const lifetime = Math.min(requested, policy.maximumAccessTokenLifetime, expiresBy - issuedAt);
  const markets = scopedMarkets(scope);
  const access_token = sign({
    // First, so that a claim that an operator adds cannot replace one of ours.
    ...client.claims,
    // RFC 9068 §2.2: without a resource owner the client is the subject.
    iss: issuer,
    aud: audience,
    sub: subject,
    client_id: client.id,
    scope,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + lifetime,
    jti,
    token_generation: client.tokenGeneration,
    application: {
      id: client.id,
      client_id: client.id,
      kind: client.kind,
      // Of the kind, not of the request: a sales channel that authenticates remains public.
      public: client.kind === 'sales_channel',
      confidential: method !== 'none',
    },
    organization: policy.organization,
    ...(markets.length > 0 && { market: { id: markets } }),
    test: policy.test,
    rand: randomUUID().replaceAll('-', ''),
    ...claims,
    // RFC 9449 §6.1
    ...(jkt !== undefined && { cnf: { jkt } }),
  });
  const token_type = jkt === undefined ? 'bearer' : 'DPoP';
  return {
    response: { access_token, token_type, expires_in: lifetime, scope, created_at: issuedAt },
    jti,
  };
}

/** `market:id:X`, or the older `market:1234`. A market that is scoped by its code has no id that is known here. */
const marketScope = /^market:(?:id:([^:]+)|(\d+))$/;

function scopedMarkets(scope: string): string[] {
  if (!scope.includes('market:')) return [];
  return scopeTokens(scope).flatMap((token) => {
    const match = marketScope.exec(token);
    const id = match?.[1] ?? match?.[2];
    return id === undefined ? [] : [id];
  });
}
