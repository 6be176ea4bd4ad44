import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { JWTPayload } from 'jose';
import * as v from 'valibot';
import { failed, ok } from '../../result.ts';
import type { Result } from '../../result.ts';
import { assertionFormProblem, clockSkew } from '../client-jwt.ts';
import type { ClientJwtProblem } from '../client-jwt.ts';

/** The header with which Commerce Layer's clients make assertions. Their key is a constant, so that it proves nothing. */
const Header = v.object({
  alg: v.literal('HS512'),
  typ: v.exactOptional(v.pipe(v.string(), v.toUpperCase(), v.literal('JWT'))),
  crit: v.exactOptional(v.never()),
});

const Claims = v.looseObject({
  iss: v.exactOptional(v.string()),
  sub: v.exactOptional(v.string()),
  aud: v.exactOptional(v.union([v.string(), v.array(v.string())])),
  iat: v.exactOptional(v.number()),
  nbf: v.exactOptional(v.number()),
  exp: v.exactOptional(v.number()),
  jti: v.exactOptional(v.string()),
});

/** Whether a JWT has the form in which Commerce Layer's clients make assertions. */
export function hasUnsignedForm(jwt: string): boolean {
  try {
    return v.is(Header, decodeProtectedHeader(jwt));
  } catch {
    return false;
  }
}

/**
 * The claims of an assertion whose signature nobody can verify. They are the statement of whoever sent the request, so
 * the caller must have authenticated that client.
 * @returns the claims, or what is wrong with the assertion
 */
export function readUnsignedAssertion(jwt: string, now: number): Result<JWTPayload, ClientJwtProblem> {
  const formProblem = assertionFormProblem(jwt);
  if (formProblem) return failed(formProblem);
  let claims: JWTPayload;
  try {
    claims = decodeJwt(jwt);
  } catch {
    return failed({ reason: 'assertion_malformed' });
  }
  if (!v.is(Claims, claims)) return failed({ reason: 'assertion_malformed' });
  if (claims.exp !== undefined && claims.exp <= now - clockSkew)
    return failed({ reason: 'assertion_expired' });
  if (claims.nbf !== undefined && claims.nbf > now + clockSkew)
    return failed({ reason: 'assertion_not_yet_valid' });
  return ok(claims);
}
