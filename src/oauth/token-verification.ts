import type { KeyObject } from 'node:crypto';
import { errors as joseErrors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import * as v from 'valibot';
import type { Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { oauthError, refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { signingAlgorithmNames } from '../keys/algorithms.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { hashSessionToken, isGenuineSessionToken, looksLikeSessionToken } from '../sessions/session-token.ts';
import type { Session } from '../sessions/session.ts';
import type { ClientReader } from './client-authentication.ts';

/** A token that is genuine: whom it speaks for, what it may do, and when. */
export interface VerifiedToken {
  readonly kind: 'jwt' | 'session';
  readonly clientId: string;
  /** `sub`: the client, or whom it acts for. */
  readonly subject: string;
  /** `mage_id`, of a session token. */
  readonly account?: string;
  /** Space-separated (RFC 6749 §3.3). */
  readonly scope: string;
  /** NumericDate, seconds since the epoch. */
  readonly issuedAt: number;
  /** NumericDate, seconds since the epoch. */
  readonly expiresAt: number;
  /** Of a JWT: its `aud`. */
  readonly audience?: string | readonly string[];
  /** Of a JWT: its `jti`. */
  readonly jti?: string;
  /** Of a JWT: the `kid` of the key that signed it. */
  readonly keyId?: string;
  /** Thumbprint of the key that it is bound to (RFC 9449 §6.1). */
  readonly jkt?: string;
  /** Of a JWT that came of an exchange: the tokens that it came of. */
  readonly origins?: readonly Origin[];
  /** All claims of a JWT. */
  readonly claims: Readonly<Record<string, unknown>>;
}

interface SessionReader {
  find(tokenHash: string): Promise<Session | undefined>;
}

/** A JWT that another was exchanged for: what ends it ends the other (RFC 8693). */
export interface Origin {
  readonly clientId: string;
  readonly jti: string;
  /** NumericDate, seconds since the epoch. */
  readonly issuedAt: number;
  readonly keyId: string;
}

/** What may have ended JWTs since they were issued: one round trip to the database. */
interface JwtState {
  /** By id, those that there are. */
  readonly clients: ReadonlyMap<string, Client>;
  /** Each `jti` that was revoked. */
  readonly revoked: ReadonlySet<string>;
  /** Keys that are published now: a token of another key is void, even if its key is still in memory. */
  readonly keyIds: readonly string[];
}

export interface JwtStateReader {
  find(tokens: readonly Pick<Origin, 'clientId' | 'jti'>[]): Promise<JwtState>;
}

export interface VerificationContext {
  readonly issuer: string;
  readonly clients: ClientReader;
  readonly sessions: SessionReader;
  readonly jwtStates: JwtStateReader;
  /** `HashKeys.sessionToken` */
  readonly tagKey: () => Promise<KeyObject>;
  /** Resolves the key of a JWT by its `kid`, from the published set. */
  readonly verificationKey: JWTVerifyGetKey;
  readonly clock: Clock;
}

/** Seconds that the clock of who issued may be ahead of ours. The end of a token has no such grace. */
const clockSkew = 30;

const invalid = (reason: string, clientId?: string) =>
  refuse('invalid_token', undefined, { reason, ...(clientId !== undefined && { clientId }) });

/** Verifies an access token of either kind: it is genuine, in its time, and nothing has ended it. */
export async function verifyToken(
  token: string,
  context: VerificationContext,
): Promise<Result<VerifiedToken, OAuthError>> {
  const recognized = await recognizeToken(token, context);
  if (!recognized.ok) return recognized;
  const ended = await whyEnded(recognized.value, context);
  return ended === undefined ? recognized : invalid(ended, recognized.value.clientId);
}

/** Whether a token is ours and in its time. Forgeries of either kind end here, before the database is asked. */
export function recognizeToken(
  token: string,
  context: VerificationContext,
): Promise<Result<VerifiedToken, OAuthError>> {
  return looksLikeSessionToken(token) ? recognizeSession(token, context) : recognizeJwt(token, context);
}

async function recognizeSession(
  token: string,
  { sessions, tagKey, clock }: VerificationContext,
): Promise<Result<VerifiedToken, OAuthError>> {
  if (!isGenuineSessionToken(await tagKey(), token)) return invalid('wrong_tag');
  const session = await sessions.find(hashSessionToken(token));
  if (!session) return invalid('unknown_session');
  // The table's time to live only collects the garbage, days late.
  if (clock() >= session.expiresAt) return invalid('expired', session.clientId);
  return ok({ kind: 'session', subject: session.account, ...session, claims: {} });
}

/** The claims that our tokens have: those of RFC 9068 §2.2, and the scope and times that we always state. */
const AccessTokenClaims = v.looseObject({
  sub: v.string(),
  client_id: v.string(),
  scope: v.string(),
  jti: v.string(),
  aud: v.union([v.string(), v.array(v.string())]),
  iat: v.number(),
  nbf: v.number(),
  exp: v.number(),
  cnf: v.exactOptional(v.object({ jkt: v.string() })),
  origin: v.exactOptional(
    v.array(
      v.pipe(
        v.object({ client_id: v.string(), jti: v.string(), iat: v.number(), kid: v.string() }),
        v.transform(({ client_id, jti, iat, kid }) => ({
          clientId: client_id,
          jti,
          issuedAt: iat,
          keyId: kid,
        })),
      ),
    ),
  ),
});

/** RFC 9068 §4 */
async function recognizeJwt(
  token: string,
  { issuer, verificationKey, clock }: VerificationContext,
): Promise<Result<VerifiedToken, OAuthError>> {
  const now = clock();
  let payload: unknown;
  let keyId: string | undefined;
  try {
    const verified = await jwtVerify(token, verificationKey, {
      algorithms: [...signingAlgorithmNames],
      typ: 'at+jwt',
      issuer,
      currentDate: new Date(now * 1000),
      clockTolerance: clockSkew,
    });
    payload = verified.payload;
    keyId = verified.protectedHeader.kid;
  } catch (error) {
    if (error instanceof joseErrors.JOSEError) return invalid(error.code);
    throw error;
  }
  const parsed = v.safeParse(AccessTokenClaims, payload);
  if (!parsed.success) return invalid('incomplete_claims');
  const { client_id: clientId, sub, scope, iat, exp, aud, jti, cnf, origin: origins } = parsed.output;
  if (now >= exp) return invalid('expired', clientId);
  if (iat > now + clockSkew) return invalid('issued_in_the_future', clientId);
  return ok({
    kind: 'jwt',
    clientId,
    subject: sub,
    scope,
    issuedAt: iat,
    expiresAt: exp,
    audience: aud,
    jti,
    ...(keyId !== undefined && { keyId }),
    ...(cnf && { jkt: cnf.jkt }),
    ...(origins && { origins }),
    claims: parsed.output,
  });
}

/** Why a token of ours has ended before its time, if it has. */
async function whyEnded(
  { kind, clientId, issuedAt, jti = '', keyId = '', origins = [] }: VerifiedToken,
  { clients, jwtStates }: VerificationContext,
): Promise<string | undefined> {
  if (kind === 'session') return whyEndedWithClient(await clients.find(clientId), issuedAt);
  const tokens = [{ clientId, jti, issuedAt, keyId }, ...origins];
  const { clients: found, revoked, keyIds } = await jwtStates.find(tokens);
  for (const token of tokens) {
    if (revoked.has(token.jti)) return 'revoked';
    if (!keyIds.includes(token.keyId)) return 'key_revoked';
    const ended = whyEndedWithClient(found.get(token.clientId), token.issuedAt);
    if (ended !== undefined) return ended;
  }
  return undefined;
}

function whyEndedWithClient(client: Client | undefined, issuedAt: number): string | undefined {
  if (!client) return 'client_deleted';
  if (client.status !== 'enabled') return 'client_disabled';
  if (issuedAt <= client.tokensValidAfter) return 'ended_with_all_of_the_client';
  return undefined;
}

/** Whether a token is for `audience` (RFC 9068 §4); a session is for the stage that opened it. */
export function demandAudience(
  { kind, audience, clientId }: VerifiedToken,
  demanded: string,
): OAuthError | undefined {
  if (kind === 'session' || [audience].flat().includes(demanded)) return undefined;
  return oauthError('invalid_token', undefined, { reason: 'another_audience', clientId });
}

/** Whether a token has `scope`, or the error that says which is missing (RFC 6750 §3.1). */
export function demandScope(token: VerifiedToken, scope: string): OAuthError | undefined {
  if (token.scope.split(' ').includes(scope)) return undefined;
  return oauthError('insufficient_scope', undefined, { scope, clientId: token.clientId });
}
