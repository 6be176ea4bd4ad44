import { randomUUID } from 'node:crypto';
import type { JwtSigner } from '../keys/sign-jwt.ts';
import type { AuthenticatedClient } from './client-authentication.ts';
import { dateOfIssue } from './date-of-issue.ts';
import { scopeTokens } from './scope.ts';
import type { TokenPolicy } from './token-policy.ts';

/** What a stage puts into each of its access tokens. */
export interface AccessTokenIssuer {
  /** `iss`: the stage's URL. */
  readonly issuer: string;
  /** `aud`, where the client does not ask for another. */
  readonly audience: string;
  readonly policy: TokenPolicy;
}

/** What a grant has come to: what the token is to be for. */
export interface GrantedToken {
  readonly scope: string;
  readonly audience: string;
  /** Thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
  readonly jkt?: string | undefined;
  /** `sub`, where it is not the client. */
  readonly subject?: string;
  /** Claims of the grant's own: `owner`, `custom_claim`, `act`. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** NumericDate that the token must not outlive. */
  readonly endsBy?: number;
}

/** The answer of the token endpoint, with exactly these members (RFC 6749 §5.1, and `created_at` of Doorkeeper). */
export interface TokenResponse {
  readonly access_token: string;
  readonly token_type: 'bearer' | 'DPoP';
  /** Seconds. */
  readonly expires_in: number;
  readonly scope: string;
  /** NumericDate, seconds since the epoch. */
  readonly created_at: number;
  /** Of a token exchange alone (RFC 8693 §2.2.1). */
  readonly issued_token_type?: string;
}

/** Issues an access token as a signed JWT (RFC 9068). */
export function issueAccessToken(
  { client, method }: AuthenticatedClient,
  { scope, audience, jkt, subject = client.id, claims, endsBy = Infinity }: GrantedToken,
  { issuer, policy }: AccessTokenIssuer,
  sign: JwtSigner,
  now: number,
): TokenResponse {
  const issuedAt = dateOfIssue(client, now);
  const own = client.tokenLifetime ?? policy.accessTokenLifetime[client.kind];
  const lifetime = Math.min(own, policy.maximumAccessTokenLifetime, endsBy - issuedAt);
  const markets = scopedMarkets(scope);
  const confidential = method !== 'none';
  const access_token = sign({
    // First, so that nothing an operator adds can stand in for what we state.
    ...client.claims,
    // RFC 9068 §2.2; without a resource owner the client is the subject.
    iss: issuer,
    aud: audience,
    sub: subject,
    client_id: client.id,
    scope,
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + lifetime,
    jti: randomUUID(),
    application: {
      id: client.id,
      client_id: client.id,
      kind: client.kind,
      public: !confidential,
      confidential,
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
  return { access_token, token_type, expires_in: lifetime, scope, created_at: issuedAt };
}

/** `market:id:X`, or the older `market:1234`; a market scoped by its code has no id that we know. */
const marketScope = /^market:(?:id:([^:]+)|(\d+))$/;

function scopedMarkets(scope: string): string[] {
  if (!scope.includes('market:')) return [];
  return scopeTokens(scope).flatMap((token) => {
    const match = marketScope.exec(token);
    const id = match?.[1] ?? match?.[2];
    return id === undefined ? [] : [id];
  });
}
