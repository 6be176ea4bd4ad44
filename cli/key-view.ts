import { keyRoleOf } from '../src/keys/key-revocation.ts';
import type { KeyRole } from '../src/keys/key-revocation.ts';
import type { PublishedKeySet } from '../src/keys/published-key-set.ts';
import type { SigningKeyState } from './signing-key-secret.ts';

/** What operators see of a signing key: nothing that is secret. */
export interface KeyView {
  readonly kid: string;
  readonly alg: string;
  /** Null for a key that is published and not among the signing keys. */
  readonly role: KeyRole | null;
  readonly published: boolean;
}

/** Every key that signs, will sign or has signed, the next one first, and whatever else is published. */
export function keyViews(
  { set }: Pick<SigningKeyState, 'set'>,
  published: PublishedKeySet | undefined,
): KeyView[] {
  const there = new Set((published?.keys ?? []).map(({ kid }) => kid));
  const known = set ? [set.next, set.current, set.previous].filter((key) => key !== undefined) : [];
  const others = (published?.keys ?? []).filter(({ kid }) => known.every((key) => key.kid !== kid));
  return [...known, ...others].map(({ kid, alg }) => ({
    kid,
    alg,
    role: (set && keyRoleOf(set, kid)) ?? null,
    published: there.has(kid),
  }));
}
