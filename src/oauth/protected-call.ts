import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { VerifyDpopProof } from './dpop.ts';
import { parsePresentedToken } from './presented-token.ts';
import type { PresentedToken } from './presented-token.ts';
import { audienceError, scopeError } from './token-verification.ts';
import type { VerifiedToken, VerifyToken } from './token-verification.ts';

export interface ProtectedCallCapabilities {
  readonly verifyToken: VerifyToken;
  readonly verifyDpopProof: VerifyDpopProof;
  /** The `aud` that a JWT must have. */
  readonly audience: string;
}

/** The part of a request that a protected resource is authorized by. */
export interface ProtectedCall {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The `DPoP` header. */
  readonly dpop: string | undefined;
  readonly method: string;
  /** Absolute, without the query. */
  readonly url: string;
  /** The scope that the call requires; undefined if it requires none. */
  readonly scope: string | undefined;
}

/** Authorizes a call of a protected resource: its verified token, or an error of RFC 6750 §3.1. */
export async function authorizeCall(
  call: ProtectedCall,
  { verifyToken, verifyDpopProof, audience }: ProtectedCallCapabilities,
): Promise<Result<VerifiedToken, RequestError>> {
  const presented = parsePresentedToken(call.authorization);
  if (!presented.ok) return presented;
  const { scheme, token } = presented.value;
  const verified = await verifyToken(token);
  if (!verified.ok) return failed(withChallenge(verified.error, scheme));
  const wrongAudience = audienceError(verified.value, audience);
  if (wrongAudience) return failed(withChallenge(wrongAudience, scheme));

  const { jkt, clientId } = verified.value;
  // RFC 9449 §7.1 and §7.2: a bound token is not a bearer token, and a bearer token is not a bound one.
  if ((scheme === 'DPoP') !== (jkt !== undefined)) {
    return errorResult('invalid_token', wrongScheme(jkt), {
      challenge: 'DPoP',
      reason: 'wrong_scheme_for_the_token',
      clientId,
    });
  }
  if (jkt !== undefined) {
    const expected = { htm: call.method, htu: call.url, accessToken: token, jkt };
    const proof = await verifyDpopProof(call.dpop ?? '', expected);
    if (!proof.ok) return failed(resourceError({ ...proof.error, clientId }));
  }
  const missingScope = call.scope === undefined ? undefined : scopeError(verified.value, call.scope);
  return missingScope ? failed(withChallenge(missingScope, scheme)) : ok(verified.value);
}

/** What to do, in words: the scheme of the challenge may not reach the client. */
const wrongScheme = (jkt: string | undefined): string =>
  jkt === undefined
    ? 'The token is a bearer token: send it with the scheme Bearer.'
    : 'The token is bound to a key: send it with the scheme DPoP, and a DPoP proof.';

/** The challenge has the scheme that the token was presented with (RFC 9449 §7.1). */
const withChallenge = (error: RequestError, scheme: PresentedToken['scheme']): RequestError =>
  scheme === 'DPoP' ? { ...error, challenge: scheme } : error;

/** The form that an error of a DPoP proof has at a resource (RFC 9449 §7.1 and §9). */
function resourceError(error: RequestError): RequestError {
  if (error.code === 'use_dpop_nonce') return { ...error, code: 'resource_dpop_nonce', challenge: 'DPoP' };
  if (error.code === 'invalid_dpop_proof') {
    return { ...error, code: 'resource_dpop_proof', challenge: 'DPoP' };
  }
  return error;
}
