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

/** A public key as it is published (RFC 7517 §4): what is not named here cannot get out. */
export const PublicSigningKey = v.object(publicMembers);
export type PublicSigningKey = v.InferOutput<typeof PublicSigningKey>;

/** A key that signs: the public members and the private ones (RFC 7518 §6). */
export const SigningKey = v.looseObject({ ...publicMembers, d: v.string() });
export type SigningKey = v.InferOutput<typeof SigningKey>;

/**
 * The keys of a stage. Each is published as `next` a full period before it signs as `current`, and a full
 * period after as `previous`, so that no verifier that caches the set meets a key it has not seen.
 */
export const SigningKeySet = v.object({
  next: SigningKey,
  current: SigningKey,
  previous: v.exactOptional(SigningKey),
});
export type SigningKeySet = v.InferOutput<typeof SigningKeySet>;

export async function generateSigningKey(algorithm: SigningAlgorithmName): Promise<SigningKey> {
  const { modulusLength } = { modulusLength: undefined, ...signingAlgorithms[algorithm] };
  const { privateKey } = await generateKeyPair(algorithm, {
    extractable: true,
    ...(modulusLength !== undefined && { modulusLength }),
  });
  const jwk = await exportJWK(privateKey);
  // RFC 7638: the thumbprint names the same key alike everywhere, and no two keys alike.
  const kid = await calculateJwkThumbprint(jwk);
  return v.parse(SigningKey, { ...jwk, kid, alg: algorithm, use: 'sig' });
}

/** The set after a rotation: next signs, current is kept for verifiers, and a new key is next. */
export async function rotateSigningKeySet(
  set: SigningKeySet | undefined,
  algorithm: SigningAlgorithmName,
): Promise<SigningKeySet> {
  const next = await generateSigningKey(algorithm);
  if (!set) return { next, current: await generateSigningKey(algorithm) };
  return { next, current: set.next, previous: set.current };
}

/** The public keys of a set, the one that signs first. */
export function publicKeys({ current, next, previous }: SigningKeySet): PublicSigningKey[] {
  return [current, next, ...(previous ? [previous] : [])].map((key) => v.parse(PublicSigningKey, key));
}
