import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { invalidDpopProof, parseDpopProof } from './dpop-proof.ts';
import type { DpopProof } from './dpop-proof.ts';
import type { ReplayStore } from './replay-store.ts';

interface DpopVerificationOptions {
  readonly replays: ReplayStore;
  readonly clock: Clock;
  /** `HashKeys.dpopNonce`. Without it no nonce is required (RFC 9449 §8). */
  readonly nonceKey?: () => Promise<KeyObject>;
}

/** The request that a proof must have been made for. */
export interface DpopExpectation {
  /** The HTTP method. */
  readonly htm: string;
  /** The URI that the client called, as the stage knows it and not as a header claims. */
  readonly htu: string;
  /** At a resource: the token whose hash `ath` must be. */
  readonly accessToken?: string;
  /** Thumbprint of the key that the token is bound to (RFC 9449 §6.1). */
  readonly jkt?: string;
}

/** Verifies a `DPoP` header (RFC 9449 §4.3). The result is the thumbprint of the key that the client holds. */
export type VerifyDpopProof = (
  proof: string,
  expected: DpopExpectation,
) => Promise<Result<{ readonly jkt: string }, RequestError>>;

/** Maximum age of a proof in seconds. */
const maximumAge = 60;
/** Seconds that the client's clock may be ahead of ours. */
const clockSkew = 10;

interface Rule {
  readonly reason: string;
  readonly description: string;
  readonly isKept: (proof: DpopProof, expected: DpopExpectation, now: number) => boolean;
}

/** The checks of RFC 9449 §4.3 that need neither a key nor a store. */
const rules: readonly Rule[] = [
  {
    reason: 'wrong_htm',
    description: 'The htm of the DPoP proof is not the method of this request.',
    // RFC 9110 §9.1: methods are case-sensitive.
    isKept: ({ claims }, { htm }) => claims.htm === htm,
  },
  {
    reason: 'wrong_htu',
    description: 'The htu of the DPoP proof is not the URI of this request.',
    isKept: ({ claims }, { htu }) => isSameHttpUri(claims.htu, htu),
  },
  {
    // RFC 9449 §11.1: the shorter a proof is valid, the fewer there are to replay and to remember.
    reason: 'iat_too_old',
    description: `The iat of the DPoP proof is more than ${maximumAge} seconds ago: make a proof for each request.`,
    isKept: ({ claims }, _, now) => now - claims.iat <= maximumAge,
  },
  {
    reason: 'iat_in_the_future',
    description: 'The iat of the DPoP proof is in the future: check the clock.',
    isKept: ({ claims }, _, now) => claims.iat - now <= clockSkew,
  },
  {
    // RFC 7519 §4.1.4. DPoP does not define exp, but a client that sends it expects it to be enforced.
    reason: 'expired',
    description: 'The DPoP proof has expired.',
    isKept: ({ claims: { exp } }, _, now) => exp === undefined || now < exp,
  },
  {
    // RFC 7519 §4.1.5
    reason: 'nbf_in_the_future',
    description: 'The nbf of the DPoP proof is in the future.',
    isKept: ({ claims: { nbf } }, _, now) => nbf === undefined || nbf - now <= clockSkew,
  },
  {
    // RFC 9449 §4.3, item 12: the proof is for this access token,
    reason: 'wrong_ath',
    description: 'The ath of the DPoP proof is not the SHA-256 hash of the access token, in base64url.',
    isKept: ({ claims }, { accessToken }) => accessToken === undefined || claims.ath === sha256(accessToken),
  },
  {
    // and the access token is bound to this key.
    reason: 'wrong_key',
    description: 'The access token is bound to another key than that of the DPoP proof.',
    isKept: ({ jkt }, expected) => expected.jkt === undefined || jkt === expected.jkt,
  },
];

/** Verification of DPoP proofs (RFC 9449 §4.3). */
export function dpopVerification({ replays, clock, nonceKey }: DpopVerificationOptions): VerifyDpopProof {
  return async (jwt, expected) => {
    const proof = await parseDpopProof(jwt);
    if (!proof.ok) return proof;
    const { claims, jkt } = proof.value;
    const now = clock();
    const broken = rules.find(({ isKept }) => !isKept(proof.value, expected, now));
    if (broken) return invalidDpopProof(broken.reason, broken.description);
    const nonceError = nonceKey && requiredNonceError(claims.nonce, await nonceKey(), now);
    if (nonceError) return failed(nonceError);

    // RFC 9449 §11.1. Last, so that a proof that is refused for another reason writes nothing.
    const use = sha256(
      JSON.stringify(['dpop', jkt, claims.jti, expected.htm, normalizedHttpUri(expected.htu)]),
    );
    // Remembered through the last second in which the proof is recent enough.
    const isFirstUse = await replays.firstUse(use, Math.floor(claims.iat) + maximumAge + 1, now);
    return isFirstUse
      ? ok({ jkt })
      : invalidDpopProof('replayed', 'The jti of the DPoP proof was used before.');
  };
}

/** The error of a proof without a current nonce (RFC 9449 §8), which hands out the next one. */
function requiredNonceError(
  nonce: string | undefined,
  key: KeyObject,
  now: number,
): RequestError | undefined {
  if (nonce !== undefined && isCurrentDpopNonce(key, nonce, now)) return undefined;
  return requestError('use_dpop_nonce', undefined, {
    reason: nonce === undefined ? 'no_nonce' : 'nonce_not_current',
    dpopNonce: generateDpopNonce(key, now),
  });
}

/** Seconds in which the same nonce is handed out. It is accepted until the end of the next interval. */
const nonceInterval = 300;

/**
 * A nonce for the client's next DPoP proofs (RFC 9449 §8): a tag of the time, so that every function accepts the
 * nonces of all others and nothing is stored. `jti` ensures that a proof is used once.
 * @param key `HashKeys.dpopNonce`
 * @param now NumericDate, seconds since the epoch
 */
export const generateDpopNonce = (key: KeyObject, now: number): string =>
  nonceOf(key, Math.floor(now / nonceInterval));

/** Whether `nonce` was handed out in this interval or the previous one. */
export function isCurrentDpopNonce(key: KeyObject, nonce: string, now: number): boolean {
  const given = Buffer.from(nonce);
  const current = Math.floor(now / nonceInterval);
  return [current, current - 1].some((index) => {
    const accepted = Buffer.from(nonceOf(key, index));
    return accepted.length === given.length && timingSafeEqual(accepted, given);
  });
}

const nonceOf = (key: KeyObject, index: number) =>
  createHmac('sha256', key).update(String(index)).digest('base64url');

/** Whether two URIs are equal without query and fragment, after normalization (RFC 9449 §4.3, item 9). */
function isSameHttpUri(one: string, other: string): boolean {
  const normalized = normalizedHttpUri(one);
  return normalized !== undefined && normalized === normalizedHttpUri(other);
}

/**
 * Characters of an http URI (RFC 3986 §2), with a host and without user information. `URL` alone would also accept
 * backslashes, blanks and a missing host, and would interpret each of them.
 */
const httpUri = /^https?:\/\/[\w.~!$&'()*+,;=:%[\]-]+(?:[/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/i;

/** `uri` after syntax- and scheme-based normalization (RFC 3986 §6.2.2, §6.2.3), without query and fragment. */
function normalizedHttpUri(uri: string): string | undefined {
  if (!httpUri.test(uri) || !URL.canParse(uri)) return undefined;
  // `URL` normalizes the case of scheme and host, the default port, the empty path and dot segments.
  const { origin, pathname } = new URL(uri);
  try {
    // API Gateway hands over a decoded path. Nothing behind it can tell what was encoded, so both are decoded.
    return origin + decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}

const sha256 = (input: string) => createHash('sha256').update(input).digest('base64url');
