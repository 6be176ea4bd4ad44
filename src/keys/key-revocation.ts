import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { SigningKey, SigningKeySet } from './signing-key-set.ts';

const keyRoles = ['next', 'current', 'previous'] as const;
export type KeyRole = (typeof keyRoles)[number];

/** What the key `kid` does in the set; undefined where it is not in it. */
export const keyRoleOf = (set: SigningKeySet, kid: string): KeyRole | undefined =>
  keyRoles.find((role) => set[role]?.kid === kid);

/**
 * The set without a key that others have come to know. The key that signs is followed by `next`, which
 * verifiers have had a full period to see; where `next` goes, a new key takes its place.
 * @param now NumericDate, seconds since the epoch
 */
export async function revokeSigningKey(
  set: SigningKeySet,
  kid: string,
  makeKey: () => Promise<SigningKey>,
  now: number,
): Promise<Result<SigningKeySet, string>> {
  const role = keyRoleOf(set, kid);
  if (!role) {
    const there = keyRoles.flatMap((one) => (set[one] ? [`${set[one].kid} (${one})`] : []));
    return failed(`There is no signing key with this kid. There is ${there.join(', ')}.`);
  }
  if (role === 'previous') {
    const { previous: _, ...rest } = set;
    return ok(rest);
  }
  // The date was that of a `next` which is gone: no key signs before it was published for long enough.
  const { promoteNextAt: _, ...rest } = set;
  const current = role === 'current' ? set.next : set.current;
  return ok({ ...rest, current, next: await makeKey(), nextCreatedAt: now });
}
