import type { KeyObject } from 'node:crypto';
import { errors as joseErrors, jwtVerify } from 'jose';
import type { JWTVerifyGetKey } from 'jose';
import * as v from 'valibot';
import type { Clock } from '../clock.ts';
import { signingAlgorithmNames } from '../keys/algorithms.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { ClientReader } from './client-authentication.ts';
import { oauthError, refuse } from './errors.ts';
import type { OAuthError } from './errors.ts';
import { hashSessionToken, isGenuineSessionToken, looksLikeSessionToken } from './session-token.ts';
import type { Session } from './session.ts';

/** Whom a token speaks for, and what it may do. */
export interface Caller {
  readonly clientId: string;
  /** `mage_id`, of a session token. */
  readonly account?: string;
  /** Space-separated (RFC 6749 §3.3). */
  readonly scope: string;
  /** Further claims of a JWT. */
  readonly claims: Readonly<Record<string, unknown>>;
}

interface SessionReader {
  find(tokenHash: string): Promise<Session | undefined>;
}

export interface VerificationContext {
  readonly issuer: string;
  readonly audience: string;
  readonly clients: ClientReader;
  readonly sessions: SessionReader;
  /** `HashKeys.sessionToken` */
  readonly tagKey: () => Promise<KeyObject>;
  /** Resolves the key of a JWT by its `kid`, from the published set. */
  readonly verificationKey: JWTVerifyGetKey;
  readonly clock: Clock;
}

/** Seconds that the clock of who issued may be ahead of ours. The end of a token has no such grace. */
const clockSkew = 30;

/** Verifies an access token of either kind: the caller it stands for, or `invalid_token`. */
export function verifyToken(
  token: string,
  context: VerificationContext,
): Promise<Result<Caller, OAuthError>> {
  return looksLikeSessionToken(token) ? verifySessionToken(token, context) : verifyJwt(token, context);
}

const invalid = (reason: string, clientId?: string) =>
  refuse('invalid_token', undefined, { reason, ...(clientId !== undefined && { clientId }) });

async function verifySessionToken(
  token: string,
  { sessions, clients, tagKey, clock }: VerificationContext,
): Promise<Result<Caller, OAuthError>> {
  if (!isGenuineSessionToken(await tagKey(), token)) return invalid('wrong_tag');
  const session = await sessions.find(hashSessionToken(token));
  if (!session) return invalid('unknown_session');
  const { clientId, account, scope, issuedAt, expiresAt } = session;
  // The table's time to live only collects the garbage, days late.
  if (clock() >= expiresAt) return invalid('expired', clientId);
  const voided = await whyVoid(clients, clientId, issuedAt);
  return voided ? invalid(voided, clientId) : ok({ clientId, account, scope, claims: {} });
}

/** What RFC 9068 §2.2 demands of the claims and jose does not check. */
const AccessTokenClaims = v.looseObject({
  sub: v.string(),
  client_id: v.string(),
  scope: v.string(),
  jti: v.string(),
  iat: v.number(),
  nbf: v.number(),
  exp: v.number(),
});

/** RFC 9068 §4. The signature is checked before any database is asked. */
async function verifyJwt(
  token: string,
  { issuer, audience, clients, verificationKey, clock }: VerificationContext,
): Promise<Result<Caller, OAuthError>> {
  const now = clock();
  let payload: unknown;
  try {
    ({ payload } = await jwtVerify(token, verificationKey, {
      algorithms: [...signingAlgorithmNames],
      typ: 'at+jwt',
      issuer,
      audience,
      currentDate: new Date(now * 1000),
      clockTolerance: clockSkew,
    }));
  } catch (error) {
    if (error instanceof joseErrors.JOSEError) return invalid(error.code);
    throw error;
  }
  const claims = v.safeParse(AccessTokenClaims, payload);
  if (!claims.success) return invalid('incomplete_claims');
  const { client_id: clientId, scope, iat, exp } = claims.output;
  if (now >= exp) return invalid('expired', clientId);
  if (iat > now + clockSkew) return invalid('issued_in_the_future', clientId);
  const voided = await whyVoid(clients, clientId, iat);
  return voided ? invalid(voided, clientId) : ok({ clientId, scope, claims: claims.output });
}

/** Why a token of `clientId` issued at `issuedAt` is void, if it is. */
async function whyVoid(
  clients: ClientReader,
  clientId: string,
  issuedAt: number,
): Promise<string | undefined> {
  const client = await clients.find(clientId);
  if (!client) return 'client_deleted';
  if (client.status !== 'enabled') return 'client_disabled';
  if (issuedAt <= client.tokensValidAfter) return 'ended_with_all_of_the_client';
  return undefined;
}

/** Whether `caller` has `scope`, or the error that says which is missing (RFC 6750 §3.1). */
export function demandScope(caller: Caller, scope: string): OAuthError | undefined {
  if (caller.scope.split(' ').includes(scope)) return undefined;
  return oauthError('insufficient_scope', undefined, { scope, clientId: caller.clientId });
}
