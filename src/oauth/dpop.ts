import { createHash } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { generateDpopNonce, isCurrentDpopNonce } from './dpop-nonce.ts';
import { invalidDpopProof, parseDpopProof } from './dpop-proof.ts';
import type { DpopProof } from './dpop-proof.ts';
import { isSameHttpUri, normalizedHttpUri } from './http-uri.ts';
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

const sha256 = (input: string) => createHash('sha256').update(input).digest('base64url');
