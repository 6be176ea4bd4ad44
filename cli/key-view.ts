import type { SigningKeyState } from '../src/keys/key-revocation.ts';
import type { PublishedKeySet } from '../src/keys/published-key-set.ts';
import { keyRoles, keysWithRole } from '../src/keys/signing-key-set.ts';
import type { KeyRole } from '../src/keys/signing-key-set.ts';

/** A signing key as operators see it, without anything secret. */
export interface KeyView {
  readonly kid: string;
  readonly alg: string;
  /** Null for a key that is published and not among the signing keys. */
  readonly role: KeyRole | null;
  readonly published: boolean;
}

/** Every key that signs, will sign or has signed, the next one first, and every other key that is published. */
export function keyViews(
  { set }: Pick<SigningKeyState, 'set'>,
  published: PublishedKeySet | undefined,
  now: number,
): KeyView[] {
  const publishedKeys = published?.keys ?? [];
  const signing = set
    ? keyRoles.flatMap((role) => keysWithRole(set, role, now).map(({ key }) => ({ key, role })))
    : [];
  const others = publishedKeys
    .filter(({ kid }) => signing.every(({ key }) => key.kid !== kid))
    .map((key) => ({ key, role: null }));
  return [...signing, ...others].map(({ key: { kid, alg }, role }) => ({
    kid,
    alg,
    role,
    published: publishedKeys.some((key) => key.kid === kid),
  }));
}
