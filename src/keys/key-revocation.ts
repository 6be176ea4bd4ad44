import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { SigningKey, SigningKeySet } from './signing-key-set.ts';

export const keyRoles = ['next', 'current', 'previous'] as const;
export type KeyRole = (typeof keyRoles)[number];

/** What the key `kid` does in the set; undefined where it is not in it. */
export const keyRoleOf = (set: SigningKeySet, kid: string): KeyRole | undefined =>
  keyRoles.find((role) => set[role]?.kid === kid);

/**
 * The set without a key that others have come to know. The key that signs is followed by `next`, which
 * verifiers have had a full period to see; where `next` goes, a new key takes its place.
 */
export async function revokeSigningKey(
  set: SigningKeySet,
  kid: string,
  makeKey: () => Promise<SigningKey>,
): Promise<Result<SigningKeySet, string>> {
  const role = keyRoleOf(set, kid);
  if (!role) {
    const there = keyRoles.flatMap((one) => (set[one] ? [`${set[one].kid} (${one})`] : []));
    return failed(`There is no signing key with this kid. There is ${there.join(', ')}.`);
  }
  return ok(await without[role](set, makeKey));
}

type Without = (set: SigningKeySet, makeKey: () => Promise<SigningKey>) => Promise<SigningKeySet>;

const without: Readonly<Record<KeyRole, Without>> = {
  async previous(set) {
    const { previous: _, ...rest } = set;
    return rest;
  },
  async next(set, makeKey) {
    return { ...unscheduled(set), next: await makeKey() };
  },
  async current(set, makeKey) {
    return { ...unscheduled(set), current: set.next, next: await makeKey() };
  },
};

/** The date was that of a `next` which is gone: the new one must be published first for as long as any. */
function unscheduled(set: SigningKeySet): SigningKeySet {
  const { promoteNextAt: _, ...rest } = set;
  return rest;
}
