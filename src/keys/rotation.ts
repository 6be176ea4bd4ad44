import { createPublicKey, verify } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { signingAlgorithms } from './algorithms.ts';
import type { SigningAlgorithmName } from './algorithms.ts';
import { verifierCacheSeconds } from './published-key-set.ts';
import type { PublishedKeySetWriter } from './published-key-set.ts';
import { jwtSigner } from './sign-jwt.ts';
import { keysWithRole, publicKeys } from './signing-key-set.ts';
import type { DatedKey, SigningKeySet } from './signing-key-set.ts';
import { generateSigningKey } from './signing-key.ts';
import type { SigningKey } from './signing-key.ts';

/** Seconds that are added to the time of caches and to the lifetime of tokens, for slow clocks and slow requests. */
const graceSeconds = 600;

/** What a rotation must know about the stage. */
export interface RotationTerms {
  /** The algorithm that the stage signs with from now on. */
  readonly algorithm: SigningAlgorithmName;
  /** Maximum lifetime of a token in seconds. A key stays published for as long after it has signed its last token. */
  readonly longestTokenLifetime: number;
}

/**
 * The set after a rotation: the next key signs, the current one is kept for verifiers, and a new key is next. No key
 * signs before every cache of verifiers has it, and none is dropped while one of its tokens is valid. If either would
 * be violated, because the stage has changed its algorithm or the last rotation was recent, the next key signs from
 * the earliest date at which both hold.
 * @param now NumericDate, seconds since the epoch
 */
export async function rotateSigningKeySet(
  set: SigningKeySet | undefined,
  { algorithm, longestTokenLifetime }: RotationTerms,
  now: number,
): Promise<SigningKeySet> {
  const newKey = async (dates: Partial<DatedKey> = {}): Promise<DatedKey> => ({
    key: await generateSigningKey(algorithm),
    publishedAt: now,
    ...dates,
  });
  if (!set) return { keys: [await newKey({ signsFrom: now }), await newKey()] };

  const [current] = keysWithRole(set, 'current', now);
  const [next] = keysWithRole(set, 'next', now);
  const [lastRetired] = keysWithRole(set, 'previous', now);
  if (!current) throw new Error('The key set has no current key');
  // The key that was next has become current at its date. The tokens of keys that retired before that have expired.
  if (!next) return { ...set, keys: [current, await newKey(), ...(lastRetired ? [lastRetired] : [])] };
  // The next key already has its date.
  if (next.signsFrom !== undefined) return set;

  const hasNewAlgorithm = next.key.alg !== algorithm;
  const knownToVerifiersAt = hasNewAlgorithm
    ? now + verifierCacheSeconds + graceSeconds
    : knownToVerifiersFrom(next, set);
  const unusedAt = (lastRetired?.retiredAt ?? -Infinity) + longestTokenLifetime + graceSeconds;
  const safeAt = Math.max(knownToVerifiersAt, unusedAt);
  if (!hasNewAlgorithm && safeAt <= now) {
    return { ...set, keys: [{ ...next, signsFrom: now }, await newKey(), { ...current, retiredAt: now }] };
  }
  const successor = hasNewAlgorithm ? await newKey({ signsFrom: safeAt }) : { ...next, signsFrom: safeAt };
  const others = set.keys.filter((key) => key !== next && key !== current);
  return { ...set, keys: [{ ...current, retiredAt: safeAt }, successor, ...others] };
}

/** From when every verifier knows a key. Keys that were published with the first set are known from the start. */
function knownToVerifiersFrom({ publishedAt }: DatedKey, { keys }: SigningKeySet): number {
  const firstPublication = Math.min(...keys.map((key) => key.publishedAt));
  return publishedAt === firstPublication ? -Infinity : publishedAt + verifierCacheSeconds + graceSeconds;
}

/** The versions of the secret that is rotated, by their staging labels. */
export interface RotationVersions {
  /** The set of the version with the label, or undefined if no version has it or the secret is still empty. */
  read(label: 'AWSCURRENT' | 'AWSPENDING', versionId?: string): Promise<SigningKeySet | undefined>;
  /** Stores `set` as the version `versionId` with the label AWSPENDING. */
  writePending(versionId: string, set: SigningKeySet): Promise<void>;
  /** The version with the label AWSCURRENT. */
  currentVersion(): Promise<string | undefined>;
  /** Moves AWSCURRENT to `versionId`. */
  makeCurrent(versionId: string): Promise<void>;
}

interface RotationContext {
  /** `ClientRequestToken`: the id of the version that this rotation creates. */
  readonly versionId: string;
  readonly versions: RotationVersions;
  readonly published: PublishedKeySetWriter;
  readonly terms: RotationTerms;
  readonly clock: Clock;
}

/**
 * The four steps that Secrets Manager calls in order, each as often as necessary. A step that runs twice, or again
 * after it failed halfway, changes nothing more.
 */
export const rotationSteps = {
  /** Creates the new set, once. */
  async createSecret({ versionId, versions, terms, clock }) {
    if (await versions.read('AWSPENDING', versionId)) return;
    const current = await versions.read('AWSCURRENT');
    await versions.writePending(versionId, await rotateSigningKeySet(current, terms, clock()));
  },

  /** Nothing outside uses the private keys: verifiers read the published ones. */
  async setSecret() {},

  /** Each key that signs or will sign must sign what its public half, as it will be published, verifies. */
  async testSecret({ versionId, versions, clock }) {
    const set = await pendingKeySet(versions, versionId);
    for (const role of ['next', 'current'] as const) {
      for (const { key } of keysWithRole(set, role, clock())) assertSignsVerifiably(key);
    }
  },

  /**
   * Publishes the new set, and then signs with it. If the function fails in between, a key is published that does not
   * sign yet, which does no harm.
   */
  async finishSecret({ versionId, versions, published, clock }) {
    if ((await versions.currentVersion()) === versionId) return;
    const set = await pendingKeySet(versions, versionId);
    await published.put({ keys: publicKeys(set, clock()) });
    await versions.makeCurrent(versionId);
  },
} as const satisfies Record<string, (context: RotationContext) => Promise<void>>;

async function pendingKeySet(versions: RotationVersions, versionId: string): Promise<SigningKeySet> {
  const set = await versions.read('AWSPENDING', versionId);
  if (!set) throw new Error('createSecret has not created this version');
  return set;
}

function assertSignsVerifiably(key: SigningKey): void {
  const jws = jwtSigner(key, 'at+jwt')({});
  const dot = jws.lastIndexOf('.');
  const { digest, options } = signingAlgorithms[key.alg];
  const isVerified = verify(
    digest,
    Buffer.from(jws.slice(0, dot)),
    { key: createPublicKey({ key, format: 'jwk' }), ...options },
    Buffer.from(jws.slice(dot + 1), 'base64url'),
  );
  if (!isVerified) throw new Error(`The key ${key.kid} does not verify what it signs`);
}
