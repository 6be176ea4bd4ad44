import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';

/** Characters that a token may have; a JWT with more does not fit the gateway's own limit of headers. */
const maximumTokenLength = 8_192;

/** token68 of RFC 6750 §2.1 and RFC 9449 §7.1, after a scheme that has no case (RFC 9110 §11.1). */
const presented = /^(bearer|dpop) +([A-Za-z0-9._~+/-]+=*) *$/i;

/** A token as it is presented, and the scheme that says how. */
export interface PresentedToken {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

/** Takes the token from an `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1). */
export function presentedToken(authorization: string | undefined): Result<PresentedToken, OAuthError> {
  if (authorization === undefined || !/^(?:bearer|dpop)(?: |$)/i.test(authorization))
    return refuse('missing_token');
  const [, scheme, token] =
    authorization.length > maximumTokenLength ? [] : (presented.exec(authorization) ?? []);
  if (scheme === undefined || token === undefined) {
    return refuse('invalid_token', undefined, { reason: 'malformed' });
  }
  return ok({ scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token });
}
