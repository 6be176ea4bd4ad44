import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';

/** Maximum length of the header in characters. API Gateway limits all headers together to 10,240 bytes. */
const maximumTokenLength = 8_192;

/** token68 of RFC 6750 §2.1 and RFC 9449 §7.1, after a case-insensitive scheme (RFC 9110 §11.1). */
const presented = /^(bearer|dpop) +([A-Za-z0-9._~+/-]+=*) *$/i;

/** A token and the authentication scheme that it is presented with. */
export interface PresentedToken {
  readonly scheme: 'Bearer' | 'DPoP';
  readonly token: string;
}

/** Parses the token in an `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1). */
export function parsePresentedToken(authorization: string | undefined): Result<PresentedToken, RequestError> {
  if (authorization === undefined || !/^(?:bearer|dpop)(?: |$)/i.test(authorization)) {
    return errorResult('missing_token');
  }
  const [, scheme, token] =
    authorization.length > maximumTokenLength ? [] : (presented.exec(authorization) ?? []);
  if (scheme === undefined || token === undefined) {
    return errorResult('invalid_token', undefined, { reason: 'malformed' });
  }
  return ok({ scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token });
}
