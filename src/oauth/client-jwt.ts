import { decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { assertionAlgorithms, isSameAlgorithm } from '../clients/client.ts';
import type { Client, ClientKey } from '../clients/client.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';

/** Seconds that a client's clock may be ahead or behind. */
export const clockSkew = 10;

/** Maximum length of an assertion in bytes. */
const maximumLength = 4_096;

/** `typ` values of other kinds of JWT, which must not be accepted as an assertion (RFC 8725 §3.11). */
const foreignTypes = new Set(['at+jwt', 'application/at+jwt', 'dpop+jwt', 'token-introspection+jwt']);

/**
 * Verifies the signature and the times of a JWT with the client's registered keys: the one that `kid` names, or
 * else each of them (RFC 7523 §3, points 4, 5 and 9). The caller checks the other claims.
 * @returns the claims, or the reason for the log
 */
export async function verifyClientJwt(
  jwt: string,
  { keys }: Pick<Client, 'keys'>,
  now: number,
): Promise<Result<JWTPayload, string>> {
  if (jwt.length > maximumLength) return failed('assertion_too_long');
  // RFC 7515 §7.1, strictly: decoders that ignore other characters would accept the same assertion in many forms.
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt)) return failed('assertion_malformed');
  const candidates = candidateKeys(jwt, keys);
  for (const key of candidates) {
    try {
      const { payload, protectedHeader } = await jwtVerify(jwt, await importJWK(key), {
        // RFC 8725 §3.1: a key is for one algorithm, regardless of the header.
        algorithms: assertionAlgorithms.filter((alg) => isSameAlgorithm(alg, key.alg)),
        currentDate: new Date(now * 1000),
        clockTolerance: clockSkew,
      });
      if (foreignTypes.has(protectedHeader.typ?.toLowerCase() ?? ''))
        return failed('assertion_of_another_type');
      return ok(payload);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      return failed(error instanceof errors.JOSEError ? error.code : 'assertion_malformed');
    }
  }
  return failed('assertion_key_unknown');
}

function candidateKeys(jwt: string, keys: readonly ClientKey[]): readonly ClientKey[] {
  try {
    const { kid, alg } = decodeProtectedHeader(jwt);
    if (!assertionAlgorithms.some((known) => known === alg)) return [];
    const suitable = keys.filter((key) => isSameAlgorithm(alg, key.alg));
    return kid === undefined ? suitable : suitable.filter((key) => key.kid === kid);
  } catch {
    return [];
  }
}
