import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { presentedToken } from './bearer-token.ts';
import type { PresentedToken } from './bearer-token.ts';
import { verifyDpopProof } from './dpop.ts';
import type { DpopContext } from './dpop.ts';
import { demandAudience, demandScope, verifyToken } from './token-verification.ts';
import type { VerificationContext, VerifiedToken } from './token-verification.ts';

export interface ProtectedCallContext extends VerificationContext, DpopContext {
  /** The `aud` that a JWT must have. */
  readonly audience: string;
}

/** What a protected resource reads of a request. */
export interface ProtectedCall {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The `DPoP` header. */
  readonly dpop: string | undefined;
  readonly method: string;
  /** Absolute, without the query. */
  readonly url: string;
  /** The scope that the call demands, if it demands one. */
  readonly scope: string | undefined;
}

/** Decides a call of a protected resource: the token that lets it through, or the error of RFC 6750 §3.1. */
export async function authorizeCall(
  call: ProtectedCall,
  context: ProtectedCallContext,
): Promise<Result<VerifiedToken, OAuthError>> {
  const presented = presentedToken(call.authorization);
  if (!presented.ok) return presented;
  const { scheme, token } = presented.value;
  const verified = await verifyToken(token, context);
  if (!verified.ok) return failed(challenging(verified.error, scheme));
  const otherAudience = demandAudience(verified.value, context.audience);
  if (otherAudience) return failed(challenging(otherAudience, scheme));

  const { jkt, clientId } = verified.value;
  // RFC 9449 §7.1 and §7.2: a bound token is no bearer token, nor the reverse.
  if ((scheme === 'DPoP') !== (jkt !== undefined)) {
    return refuse('invalid_token', undefined, {
      challenge: 'DPoP',
      reason: 'scheme_does_not_fit_the_token',
      clientId,
    });
  }
  if (jkt !== undefined) {
    const expected = { htm: call.method, htu: call.url, accessToken: token, jkt };
    const proven = await verifyDpopProof(call.dpop ?? '', expected, context);
    if (!proven.ok) return failed(atResource(proven.error));
  }
  const missing = call.scope === undefined ? undefined : demandScope(verified.value, call.scope);
  return missing ? failed(challenging(missing, scheme)) : ok(verified.value);
}

/** A challenge is of the scheme that the token came with (RFC 9449 §7.1). */
const challenging = (error: OAuthError, scheme: PresentedToken['scheme']): OAuthError =>
  scheme === 'DPoP' ? { ...error, challenge: scheme } : error;

function atResource(error: OAuthError): OAuthError {
  if (error.code === 'use_dpop_nonce') return { ...error, code: 'resource_dpop_nonce', challenge: 'DPoP' };
  if (error.code === 'invalid_dpop_proof')
    return { ...error, code: 'resource_dpop_proof', challenge: 'DPoP' };
  return error;
}
