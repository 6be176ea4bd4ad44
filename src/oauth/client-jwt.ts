import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, errors, importJWK, jwtVerify } from 'jose';
import type { JWTPayload } from 'jose';
import { assertionAlgorithms, isSameAlgorithm, maximumClientKeys } from '../clients/client.ts';
import type { AssertionAlgorithm, Client, ClientKey } from '../clients/client.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { decoyKeyFor } from './decoy-keys.ts';

/** Seconds that a client's clock may be ahead or behind. */
export const clockSkew = 10;

/** Maximum length of an assertion in characters, which are ASCII. */
export const maximumAssertionLength = 4_096;

/** `typ` values of other kinds of JWT, which must not be accepted as an assertion (RFC 8725 §3.11). */
const foreignTypes = new Set(['at+jwt', 'application/at+jwt', 'dpop+jwt', 'token-introspection+jwt']);

/** What is wrong with a client's JWT. */
export interface ClientJwtProblem {
  /** For the log. */
  readonly reason: string;
  /** For the client. Only the holder of one of its keys learns it, once the signature has been verified. */
  readonly description?: string;
}

/**
 * What is wrong with the form of an assertion; undefined if nothing is. RFC 7515 §7.1, strictly: decoders that ignore
 * other characters would accept the same assertion in many forms.
 */
export function assertionFormProblem(jwt: string): ClientJwtProblem | undefined {
  if (jwt.length > maximumAssertionLength) return { reason: 'assertion_too_long' };
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(jwt) ? undefined : { reason: 'assertion_malformed' };
}

/** A claim of an assertion whose signature is not verified yet, to find the client whose keys verify it. */
export function unverifiedClientId(assertion: string, claim: 'iss' | 'sub'): string | undefined {
  try {
    const { [claim]: id }: { readonly iss?: unknown; readonly sub?: unknown } = decodeJwt(assertion);
    return typeof id === 'string' ? id : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What is remembered of a used assertion (RFC 7523 §3, point 7): the same whether it authenticated a client or was a
 * grant, so that it cannot be both (RFC 8725 §3.11). One without `jti` is identified by its signing input, because the
 * same signature can be encoded in several ways.
 */
export function assertionUse(assertion: string, { jti }: JWTPayload, clientId: string): string {
  const name = jti === undefined ? `jws ${assertion.slice(0, assertion.lastIndexOf('.'))}` : `jti ${jti}`;
  return createHash('sha256').update(`assertion ${clientId} ${name}`).digest('base64url');
}

const problem = (reason: string, description?: string) =>
  failed({ reason, ...(description !== undefined && { description }) });

/**
 * Verifies the signature and the times of a JWT with the client's registered keys (RFC 7523 §3, points 4, 5 and 9). The
 * caller checks the other claims. A failure takes the time of as many verifications as a client may have keys, so that
 * timing does not reveal how many it has, or whether it exists.
 */
export async function verifyClientJwt(
  jwt: string,
  { keys }: Pick<Client, 'keys'>,
  now: number,
): Promise<Result<JWTPayload, ClientJwtProblem>> {
  const formProblem = assertionFormProblem(jwt);
  if (formProblem) return failed(formProblem);
  const header = headerOf(jwt);
  const alg = assertionAlgorithms.find((known) => known === header?.alg);
  const decoy = alg && decoyKeyFor(alg);
  if (!decoy) return problem('assertion_key_unknown');

  const candidates = candidateKeys(keys, alg, header?.kid);
  for (let slot = 0; slot < maximumClientKeys; slot += 1) {
    const key = candidates[slot];
    const verified = await verifyWith(key ?? decoy, alg, jwt, now);
    if (verified === 'wrong_signature') continue;
    // With the decoy only what is wrong with the header comes here, as it does with any other key.
    return key ? verified : problem(verified.ok ? 'assertion_key_unknown' : verified.error.reason);
  }
  return problem('assertion_key_unknown');
}

async function verifyWith(
  key: ClientKey,
  alg: AssertionAlgorithm,
  jwt: string,
  now: number,
): Promise<Result<JWTPayload, ClientJwtProblem> | 'wrong_signature'> {
  try {
    const { payload, protectedHeader } = await jwtVerify(jwt, await importJWK(key, alg), {
      algorithms: [alg],
      currentDate: new Date(now * 1000),
      clockTolerance: clockSkew,
    });
    if (foreignTypes.has(protectedHeader.typ?.toLowerCase() ?? '')) {
      return problem(
        'assertion_of_another_type',
        'The typ of the assertion is that of another kind of JWT: leave it out.',
      );
    }
    return ok(payload);
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return 'wrong_signature';
    if (!(error instanceof errors.JOSEError)) return problem('assertion_malformed');
    return problem(error.code, claimsDescription(error));
  }
}

/** What the claims lack. jose checks them after the signature. */
function claimsDescription(error: errors.JOSEError): string | undefined {
  if (error instanceof errors.JWTExpired) return 'The assertion has expired: its exp is in the past.';
  if (error instanceof errors.JWTInvalid) return 'The payload of the assertion must be a JSON object.';
  if (!(error instanceof errors.JWTClaimValidationFailed)) return undefined;
  return error.reason === 'check_failed'
    ? `The assertion is not valid yet: its ${error.claim} is in the future.`
    : `The ${error.claim} of the assertion must be a number of seconds since 1970.`;
}

/** RFC 8725 §3.1: a key is for its own algorithms, regardless of the header. */
const candidateKeys = (keys: readonly ClientKey[], alg: AssertionAlgorithm, kid: string | undefined) =>
  keys.filter(
    (key) =>
      key.algorithms.some((one) => isSameAlgorithm(one, alg)) &&
      (kid === undefined || kid === key.kid || key.kidSource === 'thumbprint'),
  );

function headerOf(jwt: string): ReturnType<typeof decodeProtectedHeader> | undefined {
  try {
    return decodeProtectedHeader(jwt);
  } catch {
    return undefined;
  }
}
