import type { Client } from '../clients/client.ts';
import { errorResult, requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import type { Result } from '../result.ts';

/** What every verified token states, whatever its kind. */
interface VerifiedTokenMembers {
  readonly clientId: string;
  /** `sub`: the client, or whom it acts for. */
  readonly subject: string;
  /** Space-separated (RFC 6749 §3.3). */
  readonly scope: string;
  /** NumericDate, seconds since the epoch. */
  readonly issuedAt: number;
  /** NumericDate, seconds since the epoch. */
  readonly expiresAt: number;
}

export interface VerifiedAccessToken extends VerifiedTokenMembers, TokenOrigin {
  readonly kind: 'jwt';
  /** `aud` */
  readonly audience: string | readonly string[];
  /** Thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** The tokens that it was exchanged for, directly or indirectly (RFC 8693). */
  readonly origins: readonly TokenOrigin[];
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface VerifiedSessionToken extends VerifiedTokenMembers {
  readonly kind: 'session';
  /** `tokenGeneration` of the client when the session was opened. */
  readonly tokenGeneration: string | undefined;
  /** What names it in a log. */
  readonly sessionId: string;
  /** `mage_id` */
  readonly account: string;
  /** `sessionGeneration` of the account when the session was opened. */
  readonly sessionGeneration: string;
  /** Id of the secret that opened the session. */
  readonly secretId: string;
  /** A session token is a bearer token. */
  readonly jkt?: undefined;
}

/** A token whose origin and time were verified: whom it stands for, what it permits, and when. */
export type VerifiedToken = VerifiedAccessToken | VerifiedSessionToken;

/** What names a JWT, and what may revoke it. A JWT that it was exchanged for is revoked together with it. */
export interface TokenOrigin {
  readonly clientId: string;
  /** `tokenGeneration` of the client when it was issued. */
  readonly tokenGeneration: string;
  readonly jti: string;
  /** `kid` of the key that signed it. */
  readonly keyId: string;
}

/** Verifies a token, or returns `invalid_token` (RFC 6750 §3.1). */
export type VerifyToken<Token extends VerifiedToken = VerifiedToken> = (
  token: string,
) => Promise<Result<Token, RequestError>>;

/** One kind of token. A stage has two: JWT access tokens, and session tokens. */
export interface TokenKind<Token extends VerifiedToken = VerifiedToken> {
  /** Whether a string has the form of such a token. */
  readonly hasForm: (token: string) => boolean;
  /** Verifies that this stage issued the token and that it has not expired, without reading clients or revocations. */
  readonly recognize: VerifyToken<Token>;
  /** Verifies also that the token is not revoked. */
  readonly verify: VerifyToken<Token>;
}

interface TokenKindDefinition<Token extends VerifiedToken> extends Omit<TokenKind<Token>, 'verify'> {
  /** Why a recognized token is revoked; undefined if it is not. */
  readonly revocationReason: (token: Token) => Promise<string | undefined>;
}

export const tokenKind = <Token extends VerifiedToken>({
  hasForm,
  recognize,
  revocationReason,
}: TokenKindDefinition<Token>): TokenKind<Token> => ({
  hasForm,
  recognize,
  async verify(token) {
    const recognized = await recognize(token);
    if (!recognized.ok) return recognized;
    const reason = await revocationReason(recognized.value);
    return reason === undefined ? recognized : invalidToken(reason, recognized.value);
  },
});

interface TokenVerification {
  readonly recognizeToken: VerifyToken;
  readonly verifyToken: VerifyToken;
}

/** Verification of every kind of token in `kinds`. */
export function tokenVerification(kinds: readonly TokenKind[]): TokenVerification {
  const kindOf = (token: string) => kinds.find(({ hasForm }) => hasForm(token));
  return {
    recognizeToken: async (token) => kindOf(token)?.recognize(token) ?? invalidToken('malformed'),
    verifyToken: async (token) => kindOf(token)?.verify(token) ?? invalidToken('malformed'),
  };
}

/**
 * That its account is disabled is the one reason that the holder of a token learns. All others look alike to it.
 * @param reason for the log
 * @param token what is known of the token, for the log
 */
export const invalidToken = (
  reason: string,
  token: { readonly clientId?: string; readonly jti?: string } = {},
) =>
  errorResult(reason === 'account_disabled' ? reason : 'invalid_token', undefined, {
    reason,
    ...(token.clientId !== undefined && { clientId: token.clientId }),
    ...(token.jti !== undefined && { jti: token.jti }),
  });

/**
 * Why the state of its client makes a token invalid; undefined if it does not. No clock takes part: a token that was
 * issued in the second of a revocation, before or after it, is told apart by its generation.
 */
export function clientRevocationReason(
  client: Pick<Client, 'status' | 'tokenGeneration'> | undefined,
  { tokenGeneration }: Pick<VerifiedToken, 'tokenGeneration'>,
): string | undefined {
  if (!client) return 'client_deleted';
  if (client.status !== 'enabled') return 'client_disabled';
  if (tokenGeneration !== client.tokenGeneration) return 'all_tokens_revoked';
  return undefined;
}

/** Whether a token is for `audience` (RFC 9068 §4). A session is for every audience of the stage that opened it. */
export const isForAudience = (token: VerifiedToken, audience: string): boolean =>
  token.kind === 'session' || [token.audience].flat().includes(audience);

/** The error of a token for another audience. */
export const audienceError = (token: VerifiedToken, audience: string): RequestError | undefined =>
  isForAudience(token, audience)
    ? undefined
    : requestError('invalid_token', undefined, { reason: 'another_audience', ...namesOf(token) });

/** The error of a token without `scope` (RFC 6750 §3.1). */
export function scopeError(token: VerifiedToken, scope: string): RequestError | undefined {
  if (token.scope.split(' ').includes(scope)) return undefined;
  return requestError('insufficient_scope', undefined, { scope, ...namesOf(token) });
}

/** What names a verified token in the log of its refusal. */
const namesOf = (token: VerifiedToken) => ({
  clientId: token.clientId,
  ...(token.kind === 'jwt' && { jti: token.jti }),
});
