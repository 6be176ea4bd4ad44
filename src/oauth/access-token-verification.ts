import { errors as joseErrors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import * as v from 'valibot';
import type { Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { signingAlgorithmNames } from '../keys/algorithms.ts';
import { ok } from '../result.ts';
import { clientRevocationReason, invalidToken, tokenKind } from './token-verification.ts';
import type { TokenKind, TokenOrigin, VerifiedAccessToken } from './token-verification.ts';

/**
 * `typ` values of which a stage has one in its access tokens. RFC 9068 §2.1 demands the first. Commerce Layer's clients
 * demand the second, as many verifiers do that know only RFC 7519 §5.1.
 */
const accessTokenTypes = ['at+jwt', 'JWT'] as const;
export type AccessTokenType = (typeof accessTokenTypes)[number];

/** Throws if it is not the `typ` of access tokens: the function was deployed with another value. */
export const parseAccessTokenType = (value: string): AccessTokenType =>
  v.parse(v.picklist(accessTokenTypes), value);

/** What may revoke JWTs, from one round trip to the database. */
interface RevocationState {
  /** The clients that exist, by id. */
  readonly clients: ReadonlyMap<string, Client>;
  /** Each `jti` that was revoked. */
  readonly revoked: ReadonlySet<string>;
  /** `kid` of each published key. A token of another key is invalid, even while that key is still in memory. */
  readonly keyIds: readonly string[];
}

export interface RevocationStateReader {
  find(tokens: readonly Pick<TokenOrigin, 'clientId' | 'jti'>[]): Promise<RevocationState>;
}

interface AccessTokenVerificationOptions {
  readonly issuer: string;
  /** The `typ` that the stage issues. No other is accepted (RFC 8725 §3.11). */
  readonly accessTokenType: AccessTokenType;
  readonly revocationStates: RevocationStateReader;
  /** Resolves the key of a JWT by its `kid` from the published set. */
  readonly verificationKey: JWTVerifyGetKey;
  readonly clock: Clock;
}

/** RFC 7515 §7.1 */
const compactJws = /^[^.]*\.[^.]*\.[^.]*$/;

/** Seconds that the issuer's clock may be ahead of ours. There is no tolerance for expiry. */
const clockSkew = 30;

/** The claims of our tokens: those of RFC 9068 §2.2, and `scope`, `nbf` and `token_generation`, which they always have. */
const AccessTokenClaims = v.looseObject({
  sub: v.string(),
  client_id: v.string(),
  scope: v.string(),
  jti: v.string(),
  token_generation: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  iat: v.number(),
  nbf: v.number(),
  exp: v.number(),
  cnf: v.exactOptional(v.object({ jkt: v.string() })),
  origin: v.optional(
    v.array(
      v.pipe(
        v.object({
          client_id: v.string(),
          token_generation: v.string(),
          jti: v.string(),
          kid: v.string(),
        }),
        v.transform(({ client_id, token_generation, jti, kid }) => ({
          clientId: client_id,
          tokenGeneration: token_generation,
          jti,
          keyId: kid,
        })),
      ),
    ),
    [],
  ),
});

/** The client of a token whose signature was verified before one of its claims was refused. */
function namesOf(error: joseErrors.JOSEError): { clientId?: string; jti?: string } {
  if (!(error instanceof joseErrors.JWTExpired || error instanceof joseErrors.JWTClaimValidationFailed)) {
    return {};
  }
  const { client_id: clientId, jti } = error.payload;
  return { ...(typeof clientId === 'string' && { clientId }), ...(jti !== undefined && { jti }) };
}

/** JWT access tokens as a kind of token that `tokenVerification` accepts (RFC 9068 §4). */
export const accessTokens = ({
  issuer,
  accessTokenType,
  revocationStates,
  verificationKey,
  clock,
}: AccessTokenVerificationOptions): TokenKind<VerifiedAccessToken> =>
  tokenKind<VerifiedAccessToken>({
    hasForm: (token) => compactJws.test(token),

    async recognize(token) {
      const now = clock();
      let payload: unknown;
      let keyId: string | undefined;
      try {
        const verified = await jwtVerify(token, verificationKey, {
          algorithms: [...signingAlgorithmNames],
          typ: accessTokenType,
          issuer,
          currentDate: new Date(now * 1000),
          clockTolerance: clockSkew,
        });
        payload = verified.payload;
        keyId = verified.protectedHeader.kid;
      } catch (error) {
        if (error instanceof joseErrors.JOSEError) return invalidToken(error.code, namesOf(error));
        throw error;
      }
      const parsed = v.safeParse(AccessTokenClaims, payload);
      if (!parsed.success || keyId === undefined) return invalidToken('incomplete_claims');
      const { client_id: clientId, token_generation: tokenGeneration } = parsed.output;
      const { sub, scope, iat, exp, aud, jti, cnf, origin: origins } = parsed.output;
      if (now >= exp) return invalidToken('expired', { clientId, jti });
      if (iat > now + clockSkew) return invalidToken('issued_in_the_future', { clientId, jti });
      return ok({
        kind: 'jwt',
        clientId,
        tokenGeneration,
        subject: sub,
        scope,
        issuedAt: iat,
        expiresAt: exp,
        audience: aud,
        jti,
        keyId,
        ...(cnf && { jkt: cnf.jkt }),
        origins,
        claims: parsed.output,
      });
    },

    async revocationReason(accessToken) {
      const tokens = [accessToken, ...accessToken.origins];
      const { clients, revoked, keyIds } = await revocationStates.find(tokens);
      for (const token of tokens) {
        if (revoked.has(token.jti)) return 'revoked';
        if (!keyIds.includes(token.keyId)) return 'key_revoked';
        const reason = clientRevocationReason(clients.get(token.clientId), token);
        if (reason !== undefined) return reason;
      }
      return undefined;
    },
  });
