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
 *
 * While a key waits for its date, a rotation changes nothing, unless the stage has changed its algorithm since: then a
 * new key of that algorithm waits in its place, with a date of its own. This is also done if the stage has gone back to
 * the algorithm of the current key. The waiting key would sign for a whole period with an algorithm that the stage no
 * longer has, and resource servers may not accept; and if the current key signed on instead, it would do so for a
 * second period, although a rotation was to end its first.
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
  const retired = keysWithRole(set, 'previous', now).filter(mayHaveSigned);
  if (!current) throw new Error('The key set has no current key');
  const unusedFrom = ([last]: readonly DatedKey[]) =>
    (last?.retiredAt ?? -Infinity) + longestTokenLifetime + graceSeconds;

  // A new key has to wait for its date because the stage has another algorithm.
  if ((next ?? current).key.alg !== algorithm) {
    const replaced = next?.signsFrom === undefined ? [] : [{ ...next, retiredAt: now }];
    const previous = [...replaced, ...retired];
    const unusedAt = unusedFrom(previous.filter(mayHaveSigned));
    const signsFrom = Math.max(now + verifierCacheSeconds + graceSeconds, unusedAt);
    return { ...set, keys: [{ ...current, retiredAt: signsFrom }, await newKey({ signsFrom }), ...previous] };
  }
  // The key that was next has become current at its date. The tokens of keys that retired before that have expired.
  if (!next) return { ...set, keys: [current, await newKey(), ...retired.slice(0, 1)] };
  // The next key already has its date.
  if (next.signsFrom !== undefined) return set;

  const safeAt = Math.max(knownToVerifiersFrom(next, set), unusedFrom(retired));
  if (safeAt <= now) {
    return { ...set, keys: [{ ...next, signsFrom: now }, await newKey(), { ...current, retiredAt: now }] };
  }
  return { ...set, keys: [{ ...current, retiredAt: safeAt }, { ...next, signsFrom: safeAt }, ...retired] };
}

/**
 * Whether a retired key may have signed. One that was replaced while it waited stays published as long as a previous
 * key if its date was near: it may have come before the rotation was complete, and before every function had read the
 * new set. One that was replaced long before its date has signed nothing, and the next rotation removes it.
 */
const mayHaveSigned = ({ signsFrom = Infinity, retiredAt = Infinity }: DatedKey): boolean =>
  signsFrom < retiredAt + graceSeconds;

/** From when every verifier knows a key. Keys that were published with the first set are known from the start. */
function knownToVerifiersFrom({ publishedAt }: DatedKey, { keys }: SigningKeySet): number {
  const firstPublication = Math.min(...keys.map((key) => key.publishedAt));
  return publishedAt === firstPublication ? -Infinity : publishedAt + verifierCacheSeconds + graceSeconds;
}

const datesOf = ({ publishedAt, signsFrom, retiredAt }: DatedKey) => [publishedAt, signsFrom, retiredAt];

/** Seconds for which a rotation may take: the functions have its set within `graceSeconds` of the dates in it. */
const longestRotation = graceSeconds / 2;

/**
 * Whether it is too late to make `pending` current: a date that the rotation has set, such as that of the publication
 * of a new key, is long past. A key would sign at once that no cache has, or be dropped too soon.
 */
function isTooLate(pending: SigningKeySet, current: SigningKeySet | undefined, now: number): boolean {
  // The first keys are published before anyone has cached a set.
  if (!current) return false;
  const newDates = pending.keys.flatMap((key) => {
    const before = current.keys.find((other) => other.key.kid === key.key.kid);
    const datesBefore = before ? datesOf(before) : [];
    return datesOf(key).filter((date, index) => date !== datesBefore[index]);
  });
  return newDates.some((date) => date !== undefined && date < now - longestRotation);
}

/** The versions of the secret that is rotated, by their staging labels. */
export interface RotationVersions {
  /**
   * The set of the version with the label, or undefined if no version has it, if that is another version than
   * `versionId`, or if it is still empty.
   */
  read(label: 'AWSCURRENT' | 'AWSPENDING', versionId?: string): Promise<SigningKeySet | undefined>;
  /** Stores `set` as the version `versionId` with the label AWSPENDING, which no other version has any more. */
  writePending(versionId: string, set: SigningKeySet): Promise<void>;
  /** Takes AWSPENDING from `versionId`, so that another rotation can begin. */
  discardPending(versionId: string): Promise<void>;
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
  /**
   * Creates the new set, once. Secrets Manager has attached AWSPENDING to the version before, which is empty until
   * then, also if an earlier attempt failed. A set that another rotation left with AWSPENDING is not continued: it may
   * be old, and its keys have signed nothing.
   */
  async createSecret({ versionId, versions, terms, clock }) {
    if ((await versions.currentVersion()) === versionId) return;
    const pending = await versions.read('AWSPENDING', versionId);
    if (pending) {
      await assertInTime({ versionId, versions, pending, clock });
      return;
    }
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
    await assertInTime({ versionId, versions, pending: set, clock });
    await published.put({ keys: publicKeys(set, clock()) });
    await versions.makeCurrent(versionId);
  },
} as const satisfies Record<string, (context: RotationContext) => Promise<void>>;

async function pendingKeySet(versions: RotationVersions, versionId: string): Promise<SigningKeySet> {
  const set = await versions.read('AWSPENDING', versionId);
  if (!set) throw new Error('createSecret has not created this version');
  return set;
}

/** Discards a pending set that became too old while the rotation could not continue. A new rotation makes another. */
async function assertInTime({
  versionId,
  versions,
  pending,
  clock,
}: Pick<RotationContext, 'versionId' | 'versions' | 'clock'> & { pending: SigningKeySet }): Promise<void> {
  if (!isTooLate(pending, await versions.read('AWSCURRENT'), clock())) return;
  await versions.discardPending(versionId);
  throw new Error(
    `The pending keys were created more than ${longestRotation / 60} minutes ago and were discarded: rotate again`,
  );
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
