import * as v from 'valibot';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { PublicSigningKey, SigningKey } from './signing-key.ts';

const numericDate = v.number();

/** A signing key and the dates of its life, each a NumericDate. Members of later versions are kept. */
const DatedKey = v.looseObject({
  key: SigningKey,
  /** When it was first published. A verifier that cached the set before that time does not know it. */
  publishedAt: numericDate,
  /** From when it signs. A key without it waits for the next rotation. */
  signsFrom: v.exactOptional(numericDate),
  /** From when it no longer signs. It stays published for the tokens that it signed. */
  retiredAt: v.exactOptional(numericDate),
});
export type DatedKey = v.InferOutput<typeof DatedKey>;

/**
 * The signing keys of a stage. Each key is published before it signs for longer than any verifier may cache the set,
 * and stays published after it has signed for longer than any of its tokens lives.
 */
const SigningKeySet = v.looseObject({ keys: v.array(DatedKey) });
export type SigningKeySet = v.InferOutput<typeof SigningKeySet>;

/** `next` does not sign yet, `current` signs, and `previous` no longer signs. */
export const keyRoles = ['next', 'current', 'previous'] as const;
export type KeyRole = (typeof keyRoles)[number];

/** The role of a key at `now`, NumericDate. */
export function keyRole({ signsFrom = Infinity, retiredAt = Infinity }: DatedKey, now: number): KeyRole {
  if (retiredAt <= now) return 'previous';
  return signsFrom <= now ? 'current' : 'next';
}

/** The keys that have a role at `now`; previous keys in the order in which they retired, the last one first. */
export const keysWithRole = ({ keys }: SigningKeySet, role: KeyRole, now: number): DatedKey[] =>
  keys
    .filter((key) => keyRole(key, now) === role)
    .toSorted((a, b) => (b.retiredAt ?? 0) - (a.retiredAt ?? 0));

/** The key that signs at `now`. */
export const signingKeyAt = (set: SigningKeySet, now: number): SigningKey | undefined =>
  keysWithRole(set, 'current', now)[0]?.key;

/** The public keys of a set, the current one first. */
export const publicKeys = (set: SigningKeySet, now: number): PublicSigningKey[] =>
  (['current', 'next', 'previous'] as const)
    .flatMap((role) => keysWithRole(set, role, now))
    .map(({ key }) => v.parse(PublicSigningKey, key));

/** The form of the set before its keys had dates of their own. */
const UndatedKeySet = v.looseObject({
  next: SigningKey,
  current: SigningKey,
  previous: v.exactOptional(SigningKey),
  nextCreatedAt: v.exactOptional(numericDate),
  previousRetiredAt: v.exactOptional(numericDate),
  promoteNextAt: v.exactOptional(numericDate),
});

const StoredKeySet = v.union([
  SigningKeySet,
  v.pipe(
    UndatedKeySet,
    v.transform(
      ({
        next,
        current,
        previous,
        nextCreatedAt = 0,
        previousRetiredAt = 0,
        promoteNextAt,
        ...rest
      }): SigningKeySet => ({
        ...rest,
        keys: [
          {
            key: current,
            publishedAt: 0,
            signsFrom: 0,
            ...(promoteNextAt !== undefined && { retiredAt: promoteNextAt }),
          },
          {
            key: next,
            publishedAt: nextCreatedAt,
            ...(promoteNextAt !== undefined && { signsFrom: promoteNextAt }),
          },
          ...(previous
            ? [{ key: previous, publishedAt: 0, signsFrom: 0, retiredAt: previousRetiredAt }]
            : []),
        ],
      }),
    ),
  ),
]);

/** The secret before its first rotation. */
const emptySecret = '{}';

/**
 * Parses the secret of a stage's signing keys; undefined before the first rotation. The error does not say what is
 * wrong, because a parser would quote the secret.
 */
export function parseSigningKeySet(secret: string): Result<SigningKeySet | undefined, 'unreadable'> {
  if (secret === emptySecret) return ok(undefined);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), StoredKeySet), secret);
  return parsed.success ? ok(parsed.output) : failed('unreadable');
}
