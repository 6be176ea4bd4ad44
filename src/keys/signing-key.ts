import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import * as v from 'valibot';
import { signingAlgorithmNames, signingAlgorithms } from './algorithms.ts';
import type { SigningAlgorithmName } from './algorithms.ts';

const publicMembers = {
  kty: v.string(),
  kid: v.string(),
  alg: v.picklist(signingAlgorithmNames),
  use: v.literal('sig'),
  n: v.exactOptional(v.string()),
  e: v.exactOptional(v.string()),
  crv: v.exactOptional(v.string()),
  x: v.exactOptional(v.string()),
  y: v.exactOptional(v.string()),
};

/** A public key as it is published (RFC 7517 §4). Members that are not named here are never published. */
export const PublicSigningKey = v.object(publicMembers);
export type PublicSigningKey = v.InferOutput<typeof PublicSigningKey>;

/** A key that signs: the public members and the private ones (RFC 7518 §6). */
export const SigningKey = v.looseObject({ ...publicMembers, d: v.string() });
export type SigningKey = v.InferOutput<typeof SigningKey>;

export async function generateSigningKey(algorithm: SigningAlgorithmName): Promise<SigningKey> {
  const { modulusLength } = signingAlgorithms[algorithm];
  const { privateKey } = await generateKeyPair(algorithm, {
    extractable: true,
    ...(modulusLength !== undefined && { modulusLength }),
  });
  const jwk = await exportJWK(privateKey);
  // RFC 7638: the thumbprint gives the same key the same name everywhere, and no two keys the same name.
  const kid = await calculateJwkThumbprint(jwk);
  return v.parse(SigningKey, { ...jwk, kid, alg: algorithm, use: 'sig' });
}
