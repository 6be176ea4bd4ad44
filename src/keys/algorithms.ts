import { constants } from 'node:crypto';
import type { SignKeyObjectInput } from 'node:crypto';

interface SigningAlgorithm {
  /** Bits of an RSA modulus. */
  readonly modulusLength?: number;
  /** Digest for `crypto.sign`; null if the algorithm has its own. */
  readonly digest: string | null;
  /** Options for `crypto.sign`. */
  readonly options: Omit<SignKeyObjectInput, 'key'>;
}

export const signingAlgorithmNames = ['RS256', 'RS512', 'PS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithmName = (typeof signingAlgorithmNames)[number];

/** The JWS algorithms that a stage may sign with (RFC 7518 §3.1). */
export const signingAlgorithms: Readonly<Record<SigningAlgorithmName, SigningAlgorithm>> = {
  // RFC 7518 §3.3
  RS256: { modulusLength: 2048, digest: 'sha256', options: { padding: constants.RSA_PKCS1_PADDING } },
  RS512: { modulusLength: 2048, digest: 'sha512', options: { padding: constants.RSA_PKCS1_PADDING } },
  // RFC 7518 §3.5: the salt is as long as the digest.
  PS256: {
    modulusLength: 2048,
    digest: 'sha256',
    options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
  },
  // RFC 7518 §3.4: the signature is R and S side by side, not DER.
  ES256: { digest: 'sha256', options: { dsaEncoding: 'ieee-p1363' } },
  // RFC 8037 §3.1
  EdDSA: { digest: null, options: {} },
};
