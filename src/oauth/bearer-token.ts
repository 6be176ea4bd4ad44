import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { refuse } from './errors.ts';
import type { OAuthError } from './errors.ts';

/** Characters that a token may have; a JWT with more does not fit the gateway's own limit of headers. */
const maximumTokenLength = 8_192;

/** token68 of RFC 6750 §2.1, after a scheme that has no case (RFC 9110 §11.1). */
const bearer = /^bearer +([A-Za-z0-9._~+/-]+=*) *$/i;

/** Takes the token from an `Authorization` header (RFC 6750 §2.1). */
export function bearerToken(authorization: string | undefined): Result<string, OAuthError> {
  if (authorization === undefined || !/^bearer(?: |$)/i.test(authorization)) return refuse('missing_token');
  const token = authorization.length > maximumTokenLength ? undefined : bearer.exec(authorization)?.[1];
  return token === undefined ? refuse('invalid_token', undefined, { reason: 'malformed' }) : ok(token);
}
