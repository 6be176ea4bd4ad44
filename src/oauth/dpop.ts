import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { calculateJwkThumbprint, compactVerify, decodeProtectedHeader, EmbeddedJWK } from 'jose';
import * as v from 'valibot';
import { assertionAlgorithms } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { oauthError, refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { isLiveDpopNonce, makeDpopNonce } from './dpop-nonce.ts';
import type { ReplayStore } from './replay-store.ts';

export interface DpopContext {
  readonly replays: ReplayStore;
  readonly clock: Clock;
  /** `HashKeys.dpopNonce`; without it no nonce is demanded (RFC 9449 §8). */
  readonly nonceKey?: () => Promise<KeyObject>;
}

/** The request that a proof must have been made for. */
export interface DpopExpectation {
  /** The HTTP method. */
  readonly htm: string;
  /** The address that the client called, as the stage knows it and not as a header claims. */
  readonly htu: string;
  /** At a resource: the token that `ath` must be the hash of. */
  readonly accessToken?: string;
  /** Thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
  readonly jkt?: string;
}

/** Characters that a proof may have: room for an RSA key of 8192 bits and its signature. */
const maximumProofLength = 4_096;
/** Seconds that a proof may be old. */
const maximumAge = 60;
/** Seconds that the client's clock may be ahead of ours. */
const clockSkew = 10;
/** RFC 7518 §3.3, in bits. */
const minimumRsaModulus = 2_048;

/** Members of private and symmetric keys (RFC 7518 §6, and `priv` of the AKP type). */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

const numericDate = v.pipe(v.number(), v.finite());

/** RFC 9449 §4.2 */
const ProofHeader = v.looseObject({
  typ: v.literal('dpop+jwt'),
  alg: v.picklist(assertionAlgorithms),
  jwk: v.looseObject({ kty: v.picklist(['RSA', 'EC', 'OKP']) }),
  // RFC 7515 §4.1.11: an extension that is not understood voids the signature, and none is understood here.
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

/** What each member must be, for the client that sent another. */
const memberForms: Readonly<Record<string, string>> = {
  typ: 'must be dpop+jwt',
  alg: 'must be a supported asymmetric algorithm, such as ES256',
  jwk: 'must be an RSA, EC or OKP public key',
  crit: 'must be left out',
  jti: 'must be a text of 1 to 200 characters',
  htm: 'must be a text',
  htu: 'must be a text',
  iat: 'must be a number of seconds since 1970',
  exp: 'must be a number of seconds since 1970',
  nbf: 'must be a number of seconds since 1970',
  ath: 'must be a text',
  nonce: 'must be a text',
};

/** A proof whose signature holds. */
interface Proof {
  readonly claims: v.InferOutput<typeof ProofClaims>;
  /** Thumbprint of its key (RFC 7638). */
  readonly jkt: string;
}

interface Rule {
  readonly reason: string;
  readonly description: string;
  readonly holds: (proof: Proof, expected: DpopExpectation, now: number) => boolean;
}

/** What a proof must be besides genuine: the rest of RFC 9449 §4.3, but for what takes a key or a store. */
const rules: readonly Rule[] = [
  {
    reason: 'wrong_htm',
    description: 'The htm of the DPoP proof is not the method of this request.',
    // RFC 9110 §9.1: methods have case.
    holds: ({ claims }, { htm }) => claims.htm === htm,
  },
  {
    reason: 'wrong_htu',
    description: 'The htu of the DPoP proof is not the address of this request.',
    holds: ({ claims }, { htu }) => isSameTarget(claims.htu, htu),
  },
  {
    // RFC 9449 §11.1: the shorter proofs live, the less of them there is to replay and to remember.
    reason: 'iat_too_old',
    description: `The iat of the DPoP proof is more than ${maximumAge} seconds ago: make one for each request.`,
    holds: ({ claims }, _, now) => now - claims.iat <= maximumAge,
  },
  {
    reason: 'iat_in_the_future',
    description: 'The iat of the DPoP proof is in the future: check the clock.',
    holds: ({ claims }, _, now) => claims.iat - now <= clockSkew,
  },
  {
    // RFC 7519 §4.1.4. DPoP does not define it, and a proof that has it means it.
    reason: 'exp_over',
    description: 'The exp of the DPoP proof is over.',
    holds: ({ claims: { exp } }, _, now) => exp === undefined || now < exp,
  },
  {
    // RFC 7519 §4.1.5
    reason: 'nbf_in_the_future',
    description: 'The nbf of the DPoP proof is in the future.',
    holds: ({ claims: { nbf } }, _, now) => nbf === undefined || nbf - now <= clockSkew,
  },
  {
    // RFC 9449 §4.3, item 12: the proof is for this token,
    reason: 'wrong_ath',
    description: 'The ath of the DPoP proof is not the SHA-256 hash of the access token, in base64url.',
    holds: ({ claims }, { accessToken }) => accessToken === undefined || claims.ath === sha256(accessToken),
  },
  {
    // and the token for this key.
    reason: 'wrong_key',
    description: 'The access token is bound to another key than the one of the DPoP proof.',
    holds: ({ jkt }, expected) => expected.jkt === undefined || jkt === expected.jkt,
  },
];

/**
 * Verifies a DPoP proof (RFC 9449 §4.3): the thumbprint of the key that the client holds, or what is wrong.
 * @param proof the `DPoP` header
 */
export async function verifyDpopProof(
  proof: string,
  expected: DpopExpectation,
  { replays, clock, nonceKey }: DpopContext,
): Promise<Result<{ readonly jkt: string }, OAuthError>> {
  const genuine = await openProof(proof);
  if (!genuine.ok) return genuine;
  const { claims, jkt } = genuine.value;
  const now = clock();
  const broken = rules.find(({ holds }) => !holds(genuine.value, expected, now));
  if (broken) return refused(broken.reason, broken.description);
  const demanded = nonceKey && demandNonce(claims.nonce, await nonceKey(), now);
  if (demanded) return failed(demanded);

  // RFC 9449 §11.1. Last, so that a proof that is refused for anything else writes nothing.
  const use = sha256(JSON.stringify(['dpop', jkt, claims.jti, expected.htm, normalizedTarget(expected.htu)]));
  // Remembered through the last second in which the proof is still young enough.
  const firstUse = await replays.firstUse(use, Math.floor(claims.iat) + maximumAge + 1, now);
  return firstUse ? ok({ jkt }) : refused('replayed', 'The jti of the DPoP proof was used before.');
}

const refused = (reason: string, description: string) =>
  refuse('invalid_dpop_proof', description, { reason });

/** Parses a proof and checks its signature with the key in it. */
async function openProof(proof: string): Promise<Result<Proof, OAuthError>> {
  if (proof.length > maximumProofLength) {
    return refused('oversized', `The DPoP proof is longer than ${maximumProofLength} characters.`);
  }
  // RFC 9449 §4.3, item 1: a header that was sent twice arrives as one, with commas (RFC 9110 §5.3).
  if (proof.includes(',')) return refused('several_proofs', 'Send one DPoP header, with one proof.');
  const header = parseMembers(ProofHeader, () => decodeProtectedHeader(proof));
  if (!header.ok) return header;
  const { jwk } = header.value;
  if (privateMembers.some((member) => Object.hasOwn(jwk, member))) {
    return refused(
      'private_key',
      'The jwk of the DPoP proof must not have private members: replace that key.',
    );
  }
  const signed = await verifySignature(proof, header.value);
  if (!signed.ok) return signed;
  const claims = parseMembers(ProofClaims, () => JSON.parse(utf8.decode(signed.value)));
  if (!claims.ok) return claims;
  return ok({ claims: claims.value, jkt: await calculateJwkThumbprint(jwk) });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What `read` gives as `schema`, or a refusal that names the first member at fault, and not its value. */
function parseMembers<const Schema extends v.GenericSchema>(
  schema: Schema,
  read: () => unknown,
): Result<v.InferOutput<Schema>, OAuthError> {
  let parsed: v.SafeParseResult<Schema>;
  try {
    parsed = v.safeParse(schema, read());
  } catch {
    return refused('malformed', 'The DPoP proof is not a signed JWT.');
  }
  if (parsed.success) return ok(parsed.output);
  const member = String(parsed.issues[0].path?.[0]?.key);
  const form = memberForms[member];
  if (form === undefined) return refused('malformed', 'The DPoP proof is not a signed JWT.');
  return refused(`malformed_${member}`, `The ${member} of the DPoP proof ${form}.`);
}

/** The payload of a proof, once the key in its own header has verified it. */
async function verifySignature(
  proof: string,
  header: v.InferOutput<typeof ProofHeader>,
): Promise<Result<Uint8Array, OAuthError>> {
  // Both steps compute on nothing but what the client sent, so whatever they throw is the fault of that.
  const key = await EmbeddedJWK(header).catch(() => undefined);
  if (!key) return refused('unusable_key', 'The jwk of the DPoP proof is not a key for its alg.');
  if ('modulusLength' in key.algorithm && Number(key.algorithm.modulusLength) < minimumRsaModulus) {
    return refused('weak_key', `The jwk of the DPoP proof needs ${minimumRsaModulus} bits.`);
  }
  try {
    return ok((await compactVerify(proof, key, { algorithms: [header.alg] })).payload);
  } catch {
    return refused('wrong_signature', 'The signature of the DPoP proof is not by the key in its jwk.');
  }
}

/** What a client needs that did not send a live nonce (RFC 9449 §8). */
function demandNonce(nonce: string | undefined, key: KeyObject, now: number): OAuthError | undefined {
  if (nonce !== undefined && isLiveDpopNonce(key, nonce, now)) return undefined;
  return oauthError('use_dpop_nonce', undefined, {
    reason: nonce === undefined ? 'no_nonce' : 'nonce_not_live',
    dpopNonce: makeDpopNonce(key, now),
  });
}

/** RFC 9449 §4.3, item 9: compared without query and fragment, after normalization. */
function isSameTarget(claimed: string, called: string): boolean {
  const target = normalizedTarget(claimed);
  return target !== undefined && target === normalizedTarget(called);
}

/**
 * Characters of an http URI (RFC 3986 §2), with a host and without user information. `URL` alone would also
 * read backslashes, blanks and a missing host, each in a way of its own.
 */
const httpUri = /^https?:\/\/[\w.~!$&'()*+,;=:%[\]-]+(?:[/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/i;

/** `uri` normalized by syntax and scheme (RFC 3986 §6.2.2, §6.2.3), without query and fragment. */
function normalizedTarget(uri: string): string | undefined {
  if (!httpUri.test(uri) || !URL.canParse(uri)) return undefined;
  // `URL` sees to the case of scheme and host, the default port, the empty path and dot segments.
  const { origin, pathname } = new URL(uri);
  try {
    // Decoded, which is how API Gateway hands over a path: what was encoded in it, nobody behind it can tell.
    return origin + decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');
