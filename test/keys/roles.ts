import { keysWithRole } from '../../src/keys/signing-key-set.ts';
import type { KeyRole, SigningKeySet } from '../../src/keys/signing-key-set.ts';
import type { SigningKey } from '../../src/keys/signing-key.ts';

/** A set and its keys by their role at `now`, NumericDate. A role that no key has throws when it is read. */
export function keysByRole(set: SigningKeySet, now: number) {
  const keyOf = (role: KeyRole): SigningKey => {
    const [dated] = keysWithRole(set, role, now);
    if (!dated) throw new Error(`No key is ${role}`);
    return dated.key;
  };
  return {
    set,
    get next() {
      return keyOf('next');
    },
    get current() {
      return keyOf('current');
    },
    get previous() {
      return keyOf('previous');
    },
  };
}
export type KeysByRole = ReturnType<typeof keysByRole>;

/** The `kid` of every key of a set, sorted. */
export const kidsOf = ({ keys }: SigningKeySet) => keys.map(({ key }) => key.kid).toSorted();
