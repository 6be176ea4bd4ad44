import { createPrivateKey, sign } from 'node:crypto';
import { signingAlgorithms } from './algorithms.ts';
import type { SigningKey } from './signing-key.ts';

/** Signs claims as a compact JWS (RFC 7515 §7.1). */
export interface JwtSigner {
  (claims: object): string;
  /** `kid` of the key that it signs with. */
  readonly kid: string;
}

/**
 * A signer for one key and one type. What is the same for every token is done once: the key is parsed and the header
 * encoded. `crypto.sign` is called synchronously, because a hop to the thread pool costs as much as an ES256 signature.
 * @param typ the `typ` header, `at+jwt` for access tokens (RFC 9068 §2.1)
 */
export function jwtSigner(key: SigningKey, typ: string): JwtSigner {
  const { digest, options } = signingAlgorithms[key.alg];
  const privateKey = { key: createPrivateKey({ key, format: 'jwk' }), ...options };
  const header = base64url(JSON.stringify({ alg: key.alg, typ, kid: key.kid }));
  const signClaims = (claims: object) => {
    const signingInput = `${header}.${base64url(JSON.stringify(claims))}`;
    return `${signingInput}.${sign(digest, Buffer.from(signingInput, 'latin1'), privateKey).toString('base64url')}`;
  };
  return Object.assign(signClaims, { kid: key.kid });
}

const base64url = (json: string) => Buffer.from(json).toString('base64url');
