import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, EmbeddedJWK } from 'jose';
import * as v from 'valibot';
import { assertionAlgorithms } from '../clients/client.ts';
import { hasPrivateMember, publicKeyProblem } from '../clients/public-key-problem.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';

/** Maximum length of a proof in characters: enough for an RSA key of 8192 bits and its signature. */
const maximumProofLength = 4_096;

const numericDate = v.pipe(v.number(), v.finite());

/** RFC 9449 §4.2 */
const ProofHeader = v.looseObject({
  typ: v.literal('dpop+jwt'),
  alg: v.picklist(assertionAlgorithms),
  jwk: v.looseObject({ kty: v.picklist(['RSA', 'EC', 'OKP']) }),
  // RFC 7515 §4.1.11: a JWS with an extension that is not understood is invalid, and none is understood here.
  crit: v.exactOptional(v.never()),
});

/** RFC 9449 §4.2 */
const ProofClaims = v.looseObject({
  jti: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  htm: v.string(),
  htu: v.string(),
  iat: numericDate,
  exp: v.optional(numericDate),
  nbf: v.optional(numericDate),
  ath: v.optional(v.string()),
  nonce: v.optional(v.string()),
});

/** What each member must be, for the client that sent something else. */
const memberForms: Readonly<Record<string, string>> = {
  typ: 'must be dpop+jwt',
  alg: 'must be a supported asymmetric algorithm, such as ES256',
  jwk: 'must be an RSA, EC or OKP public key',
  crit: 'must be left out',
  jti: 'must be a string of 1 to 200 characters',
  htm: 'must be a string',
  htu: 'must be a string',
  iat: 'must be a number of seconds since 1970',
  exp: 'must be a number of seconds since 1970',
  nbf: 'must be a number of seconds since 1970',
  ath: 'must be a string',
  nonce: 'must be a string',
};

/** A DPoP proof whose signature was verified. */
export interface DpopProof {
  readonly claims: v.InferOutput<typeof ProofClaims>;
  /** Thumbprint of its key (RFC 7638). */
  readonly jkt: string;
}

/** @param reason for the log */
export const invalidDpopProof = (reason: string, description: string) =>
  errorResult('invalid_dpop_proof', description, { reason });

/** Parses a proof and verifies its signature with the key in its header (RFC 9449 §4.3, items 1 to 7). */
export async function parseDpopProof(jwt: string): Promise<Result<DpopProof, RequestError>> {
  if (jwt.length > maximumProofLength) {
    return invalidDpopProof('oversized', `The DPoP proof is longer than ${maximumProofLength} characters.`);
  }
  // RFC 9449 §4.3, item 1: a header that is sent twice arrives as one, with a comma (RFC 9110 §5.3).
  if (jwt.includes(',')) return invalidDpopProof('several_proofs', 'Send one DPoP header, with one proof.');
  const header = parseMembers(ProofHeader, () => decodeProtectedHeader(jwt));
  if (!header.ok) return header;
  const { jwk } = header.value;
  if (hasPrivateMember(jwk)) {
    return invalidDpopProof(
      'private_key',
      'The jwk of the DPoP proof must not have private members: replace that key.',
    );
  }
  const payload = await verifySignature(jwt, header.value);
  if (!payload.ok) return payload;
  const claims = parseMembers(ProofClaims, () => JSON.parse(utf8.decode(payload.value)));
  if (!claims.ok) return claims;
  return ok({ claims: claims.value, jkt: await calculateJwkThumbprint(jwk) });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** The result of `read` as `schema`, or an error that names the first invalid member without its value. */
function parseMembers<const Schema extends v.GenericSchema>(
  schema: Schema,
  read: () => unknown,
): Result<v.InferOutput<Schema>, RequestError> {
  let parsed: v.SafeParseResult<Schema>;
  try {
    parsed = v.safeParse(schema, read());
  } catch {
    return invalidDpopProof('malformed', 'The DPoP proof is not a signed JWT.');
  }
  if (parsed.success) return ok(parsed.output);
  const member = String(parsed.issues[0].path?.[0]?.key);
  const form = memberForms[member];
  if (form === undefined) return invalidDpopProof('malformed', 'The DPoP proof is not a signed JWT.');
  return invalidDpopProof(`malformed_${member}`, `The ${member} of the DPoP proof ${form}.`);
}

/** The payload of a proof whose signature was verified with the key in its own header. */
async function verifySignature(
  jwt: string,
  header: v.InferOutput<typeof ProofHeader>,
): Promise<Result<Uint8Array, RequestError>> {
  // Both calls compute only on what the client sent, so that everything they throw is the client's error.
  const key = await EmbeddedJWK(header).catch(() => undefined);
  if (!key) return invalidDpopProof('unusable_key', 'The jwk of the DPoP proof is not a key for its alg.');
  const problem = publicKeyProblem(header.jwk);
  if (problem !== undefined) return invalidDpopProof('weak_key', `The jwk of the DPoP proof ${problem}.`);
  try {
    return ok((await compactVerify(jwt, key, { algorithms: [header.alg] })).payload);
  } catch {
    return invalidDpopProof(
      'wrong_signature',
      'The signature of the DPoP proof cannot be verified with the key in its jwk.',
    );
  }
}
