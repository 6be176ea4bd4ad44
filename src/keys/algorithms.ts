import { constants } from 'node:crypto';
import type { SignKeyObjectInput } from 'node:crypto';

interface SigningAlgorithm {
  /** What `generateKeyPair` of jose takes besides the algorithm; an RSA modulus in bits. */
  readonly modulusLength?: number;
  /** Digest for `crypto.sign`. */
  readonly digest: string;
  /** Options for `crypto.sign`. */
  readonly options: Omit<SignKeyObjectInput, 'key'>;
}

export const signingAlgorithmNames = ['RS256', 'ES256'] as const;
export type SigningAlgorithmName = (typeof signingAlgorithmNames)[number];

/** JWS algorithms that a stage may sign with (RFC 7518 §3.1). */
export const signingAlgorithms = {
  // RFC 7518 §3.3
  RS256: { modulusLength: 2048, digest: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
  // RFC 7518 §3.4: the signature is R and S side by side, not DER.
  ES256: { digest: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
} as const satisfies Record<SigningAlgorithmName, SigningAlgorithm>;
