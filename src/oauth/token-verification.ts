import type { Client } from '../clients/client.ts';
import { errorResult, requestError } from '../errors.ts';
import type { ErrorCode, RequestError } from '../errors.ts';
import type { Result } from '../result.ts';

/** A token whose origin and time were verified: whom it stands for, what it permits, and when. */
export interface VerifiedToken {
  readonly kind: 'jwt' | 'session';
  readonly clientId: string;
  /** `tokenGeneration` of the client when the token was issued. */
  readonly tokenGeneration: string | undefined;
  /** `sub`: the client, or whom it acts for. */
  readonly subject: string;
  /** `mage_id`, of a session token. */
  readonly account?: string;
  /** `sessionGeneration` of the account, of a session token. */
  readonly sessionGeneration?: string;
  /** Id of the secret that opened the session, of a session token. */
  readonly secretId?: string;
  /** Space-separated (RFC 6749 §3.3). */
  readonly scope: string;
  /** NumericDate, seconds since the epoch. */
  readonly issuedAt: number;
  /** NumericDate, seconds since the epoch. */
  readonly expiresAt: number;
  /** `aud` of a JWT. */
  readonly audience?: string | readonly string[];
  /** `jti` of a JWT. */
  readonly jti?: string;
  /** `kid` of the key that signed a JWT. */
  readonly keyId?: string;
  /** What names a session token in a log. */
  readonly sessionId?: string;
  /** Thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** The tokens that a JWT was exchanged for, directly or indirectly (RFC 8693). */
  readonly origins?: readonly TokenOrigin[];
  /** All claims of a JWT. */
  readonly claims: Readonly<Record<string, unknown>>;
}

/** A JWT that another JWT was exchanged for. Revoking it revokes the other too. */
export interface TokenOrigin {
  readonly clientId: string;
  readonly tokenGeneration: string | undefined;
  readonly jti: string;
  readonly keyId: string;
}

/** One kind of token. A stage has two: JWT access tokens, and session tokens. */
export interface TokenKind {
  /** Whether a string has the form of such a token. */
  readonly hasForm: (token: string) => boolean;
  /** Verifies that this stage issued the token and that it has not expired. */
  readonly recognize: VerifyToken;
  /** Why a recognized token is revoked; undefined if it is not. */
  readonly revocationReason: (token: VerifiedToken) => Promise<string | undefined>;
}

/** Verifies a token completely, or returns `invalid_token` (RFC 6750 §3.1). */
export type VerifyToken = (token: string) => Promise<Result<VerifiedToken, RequestError>>;

interface TokenVerification {
  /** Forged and expired tokens are refused without reading clients or revocations. */
  readonly recognizeToken: VerifyToken;
  readonly verifyToken: VerifyToken;
}

/** Verification of every kind of token in `kinds`. */
export function tokenVerification(kinds: readonly TokenKind[]): TokenVerification {
  const kindOf = (token: string) => kinds.find(({ hasForm }) => hasForm(token));
  return {
    recognizeToken: async (token) => kindOf(token)?.recognize(token) ?? invalidToken('malformed'),

    async verifyToken(token) {
      const kind = kindOf(token);
      if (!kind) return invalidToken('malformed');
      const recognized = await kind.recognize(token);
      if (!recognized.ok) return recognized;
      const reason = await kind.revocationReason(recognized.value);
      return reason === undefined ? recognized : invalidToken(reason, recognized.value.clientId);
    },
  };
}

/** Reasons that the holder of a token learns too. All others look alike to it. */
const errorOfReason: ReadonlyMap<string, ErrorCode> = new Map([['account_disabled', 'account_disabled']]);

/** @param reason for the log */
export const invalidToken = (reason: string, clientId?: string) =>
  errorResult(errorOfReason.get(reason) ?? 'invalid_token', undefined, {
    reason,
    ...(clientId !== undefined && { clientId }),
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
    : requestError('invalid_token', undefined, { reason: 'another_audience', clientId: token.clientId });

/** The error of a token without `scope` (RFC 6750 §3.1). */
export function scopeError(token: VerifiedToken, scope: string): RequestError | undefined {
  if (token.scope.split(' ').includes(scope)) return undefined;
  return requestError('insufficient_scope', undefined, { scope, clientId: token.clientId });
}
