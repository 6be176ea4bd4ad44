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
  /** NumericDate at which `next` was first published; without it, it was from the start. */
  nextCreatedAt: v.exactOptional(v.number()),
  /** NumericDate at which `previous` ceased to sign. */
  previousRetiredAt: v.exactOptional(v.number()),
  /**
   * NumericDate from which `next` signs, where it does not wait for another rotation: by then every verifier
   * that caches the set has read it again.
   */
  promoteNextAt: v.exactOptional(v.number()),
});
export type SigningKeySet = v.InferOutput<typeof SigningKeySet>;

export async function generateSigningKey(algorithm: SigningAlgorithmName): Promise<SigningKey> {
  const { modulusLength } = signingAlgorithms[algorithm];
  const { privateKey } = await generateKeyPair(algorithm, {
    extractable: true,
    ...(modulusLength !== undefined && { modulusLength }),
  });
  const jwk = await exportJWK(privateKey);
  // RFC 7638: the thumbprint names the same key alike everywhere, and no two keys alike.
  const kid = await calculateJwkThumbprint(jwk);
  return v.parse(SigningKey, { ...jwk, kid, alg: algorithm, use: 'sig' });
}

/** Seconds that a verifier may cache the published keys: two hours of API Gateway's, and some grace. */
const cachedFor = 2 * 3_600 + 600;

/** Seconds that a key may go on signing in functions that have read the set just before, and some grace. */
const signerCachedFor = 600;

/** The key that signs at `now`, NumericDate. */
export const signingKeyAt = (
  { current, next, promoteNextAt = Infinity }: SigningKeySet,
  now: number,
): SigningKey => (now < promoteNextAt ? current : next);

/** What a rotation must know of the stage. */
export interface RotationTerms {
  /** The algorithm that the stage signs with from now on. */
  readonly algorithm: SigningAlgorithmName;
  /** Seconds that a token may live: for as long its key stays published after it has signed its last. */
  readonly longestTokenLifetime: number;
}

/**
 * The set after a rotation: next signs, current is kept for verifiers, and a new key is next. No key signs before
 * every cache of verifiers has it, and none is dropped while a token of it lives. Where either is not so yet,
 * because the stage has changed its algorithm or one rotation follows upon another, the next key takes over as
 * soon as it is, and not at once.
 * @param now NumericDate, seconds since the epoch
 */
export async function rotateSigningKeySet(
  set: SigningKeySet | undefined,
  { algorithm, longestTokenLifetime }: RotationTerms,
  now: number,
): Promise<SigningKeySet> {
  // Nobody has cached a set that never was: its next key may sign at any time.
  if (!set) {
    return { next: await generateSigningKey(algorithm), current: await generateSigningKey(algorithm) };
  }
  const successor = async () => ({ next: await generateSigningKey(algorithm), nextCreatedAt: now });
  const { promoteNextAt, nextCreatedAt = -Infinity, previousRetiredAt = -Infinity, ...keys } = set;
  const promoted = { current: keys.next, previous: keys.current };
  if (promoteNextAt !== undefined) {
    if (now < promoteNextAt) return set;
    return { ...promoted, ...(await successor()), previousRetiredAt: promoteNextAt };
  }
  const changed = keys.next.alg !== algorithm;
  const known = (changed ? now : nextCreatedAt) + cachedFor;
  const outlived = previousRetiredAt + longestTokenLifetime + signerCachedFor;
  const safeAt = Math.max(known, outlived);
  if (changed) return { ...set, ...(await successor()), promoteNextAt: safeAt };
  if (now < safeAt) return { ...set, promoteNextAt: safeAt };
  return { ...promoted, ...(await successor()), previousRetiredAt: now };
}

/** The public keys of a set, the one that signs first. */
export function publicKeys({ current, next, previous }: SigningKeySet): PublicSigningKey[] {
  return [current, next, ...(previous ? [previous] : [])].map((key) => v.parse(PublicSigningKey, key));
}
