import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { verifierCacheSeconds } from './published-key-set.ts';
import type { PublishedKeySetWriter } from './published-key-set.ts';
import { keyRole, keyRoles, keysWithRole, publicKeys } from './signing-key-set.ts';
import type { DatedKey, KeyRole, SigningKeySet } from './signing-key-set.ts';
import type { SigningKey } from './signing-key.ts';

/** The signing key secret as it is now. */
export interface SigningKeyState {
  /** The version with the label AWSCURRENT. */
  readonly versionId: string | undefined;
  /** The keys; undefined before the first rotation. */
  readonly set: SigningKeySet | undefined;
  /** Whether a rotation has begun and is not complete. */
  readonly isRotating: boolean;
  /** Whether Secrets Manager rotates the secret by a schedule. */
  readonly isRotationEnabled: boolean;
}

export interface SigningKeyStateStore {
  read(): Promise<SigningKeyState>;
  /** Makes `set` current. Returns the version that contains it. */
  write(set: SigningKeySet): Promise<string | undefined>;
}

/** A revocation that has been decided and not been carried out. */
export interface KeyRevocation {
  readonly kid: string;
  /** The role that the key has now. */
  readonly role: KeyRole;
  /** Whether it is the next key, and was to sign from a date on. */
  readonly hadDate: boolean;
  /** The version that the revocation is based on. */
  readonly versionId: string | undefined;
  /** The set without the key. */
  readonly set: SigningKeySet;
  /** The `kid` of the key that signs from then on. */
  readonly currentKid: string;
  /** Whether verifiers that cache the published keys may not know that key yet. */
  readonly isUnknownToCaches: boolean;
}

export type KeyRevocationProblem =
  | { readonly code: 'rotation_under_way' | 'no_keys' | 'set_changed' | 'rotation_began' }
  | { readonly code: 'unknown_key'; readonly keys: readonly { kid: string; role: KeyRole }[] }
  /** The key is no longer published, but could not be removed from the secret. */
  | { readonly code: 'secret_not_written'; readonly cause: unknown };

/** Decides what the set is without a key that became known to others. */
export async function planKeyRevocation(
  { set, versionId, isRotating }: Omit<SigningKeyState, 'isRotationEnabled'>,
  kid: string,
  generateKey: () => Promise<SigningKey>,
  now: number,
): Promise<Result<KeyRevocation, KeyRevocationProblem>> {
  // The pending version contains the key, and would bring it back.
  if (isRotating) return failed({ code: 'rotation_under_way' });
  if (!set) return failed({ code: 'no_keys' });
  const revoked = set.keys.find(({ key }) => key.kid === kid);
  if (!revoked) return failed({ code: 'unknown_key', keys: listKeys(set, now) });
  const role = keyRole(revoked, now);
  const withoutKey = { ...set, keys: set.keys.filter((key) => key !== revoked) };
  const newSet = role === 'previous' ? withoutKey : await successorSet(withoutKey, role, generateKey, now);
  const [current] = keysWithRole(newSet, 'current', now);
  return ok({
    kid,
    role,
    hadDate: role === 'next' && revoked.signsFrom !== undefined,
    versionId,
    set: newSet,
    currentKid: current?.key.kid ?? '',
    isUnknownToCaches:
      role === 'current' && current !== undefined && now < current.publishedAt + verifierCacheSeconds,
  });
}

/**
 * The set whose next or current key was removed. The next key succeeds the current one, because verifiers have known
 * it the longest. If it was the next key that became current at its date, the key before it signs again.
 */
async function successorSet(
  set: SigningKeySet,
  removedRole: 'next' | 'current',
  generateKey: () => Promise<SigningKey>,
  now: number,
): Promise<SigningKeySet> {
  const newKey = async (): Promise<DatedKey> => ({ key: await generateKey(), publishedAt: now });
  const [next] = keysWithRole(set, 'next', now);
  const [current] = keysWithRole(set, 'current', now);
  const [lastRetired, ...earlier] = keysWithRole(set, 'previous', now);
  if (removedRole === 'next') {
    // The current key was to retire when the removed key began to sign.
    const keys = [...(current ? [signingOn(current)] : []), await newKey()];
    return { ...set, keys: [...keys, ...keysWithRole(set, 'previous', now)] };
  }
  if (next) {
    return {
      ...set,
      keys: [{ ...next, signsFrom: now }, await newKey(), ...(lastRetired ? [lastRetired, ...earlier] : [])],
    };
  }
  const successor = lastRetired ? signingOn(lastRetired) : { ...(await newKey()), signsFrom: now };
  return { ...set, keys: [successor, await newKey(), ...earlier] };
}

/** The key without a date at which it retires. */
function signingOn(key: DatedKey): DatedKey {
  const { retiredAt: _, ...rest } = key;
  return rest;
}

/**
 * Carries out a revocation: publishes the keys without the revoked one, and then removes it from the secret. In this
 * order, because after a failure in between the key is refused by everyone who reads the published keys, whereas the
 * other order would leave the leaked key accepted.
 */
export async function revokeKey(
  revocation: KeyRevocation,
  { keys, published, now }: { keys: SigningKeyStateStore; published: PublishedKeySetWriter; now: number },
): Promise<Result<undefined, KeyRevocationProblem>> {
  // A person may have taken a long time to confirm.
  const before = await keys.read();
  if (before.isRotating) return failed({ code: 'rotation_under_way' });
  if (before.versionId !== revocation.versionId) return failed({ code: 'set_changed' });
  await published.put({ keys: publicKeys(revocation.set, now) });
  let written: string | undefined;
  try {
    written = await keys.write(revocation.set);
  } catch (cause) {
    return failed({ code: 'secret_not_written', cause });
  }
  const after = await keys.read();
  return after.isRotating || after.versionId !== written ? failed({ code: 'rotation_began' }) : ok(undefined);
}

const listKeys = (set: SigningKeySet, now: number) =>
  keyRoles.flatMap((role) => keysWithRole(set, role, now).map(({ key }) => ({ kid: key.kid, role })));
