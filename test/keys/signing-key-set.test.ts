import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { rotateSigningKeySet } from '../../src/keys/rotation.ts';
import { keyRole, parseSigningKeySet, publicKeys } from '../../src/keys/signing-key-set.ts';
import { generateSigningKey } from '../../src/keys/signing-key.ts';
import { keysByRole } from './roles.ts';

const now = 1_800_000_000;
const terms = { algorithm: 'ES256', longestTokenLifetime: 14_400 } as const;
const [current, next, previous] = await Promise.all([
  generateSigningKey('ES256'),
  generateSigningKey('ES256'),
  generateSigningKey('ES256'),
]);

function parsed(stored: object) {
  const set = parseSigningKeySet(JSON.stringify(stored));
  assert.ok(set.ok && set.value);
  return set.value;
}

describe('role of a signing key', () => {
  const key = { key: current, publishedAt: 0, signsFrom: 100, retiredAt: 200 };
  const { signsFrom: _, retiredAt: __, ...waiting } = key;

  test.each([
    [99, 'next'],
    [100, 'current'],
    [199, 'current'],
    [200, 'previous'],
  ])('at %i it is %s', (time, role) => {
    expect(keyRole(key, time)).toBe(role);
  });

  test('is next without a date from which it signs', () => {
    expect(keyRole(waiting, 1_000)).toBe('next');
  });
});

describe('signing key set of the undated form', () => {
  test('keeps the role of each key', () => {
    const set = keysByRole(parsed({ current, next, previous }), now);
    expect([set.current.kid, set.next.kid, set.previous.kid]).toStrictEqual([
      current.kid,
      next.kid,
      previous.kid,
    ]);
  });

  test('publishes the same keys, the current one first', () => {
    const published = publicKeys(parsed({ current, next, previous }), now);
    expect(published.map(({ kid }) => kid)).toStrictEqual([current.kid, next.kid, previous.kid]);
  });

  test('rotates at once if its next key was there from the start', async () => {
    const rotated = keysByRole(await rotateSigningKeySet(parsed({ current, next }), terms, now), now);
    expect([rotated.current.kid, rotated.previous.kid]).toStrictEqual([next.kid, current.kid]);
  });

  test('delays a rotation until verifiers know its next key', async () => {
    const set = parsed({ current, next, nextCreatedAt: now - 60 });
    const rotated = await rotateSigningKeySet(set, terms, now);
    expect(keysByRole(rotated, now + 7_739).current.kid).toBe(current.kid);
    expect(keysByRole(rotated, now + 7_740).current.kid).toBe(next.kid);
  });

  test('delays a rotation until the tokens of its previous key have expired', async () => {
    const set = parsed({ current, next, previous, previousRetiredAt: now - 60 });
    const rotated = await rotateSigningKeySet(set, terms, now);
    expect(keysByRole(rotated, now + 14_939).current.kid).toBe(current.kid);
    expect(keysByRole(rotated, now + 14_940).current.kid).toBe(next.kid);
  });

  test('keeps a date from which its next key signs', () => {
    const set = parsed({ current, next, nextCreatedAt: now - 60, promoteNextAt: now + 100 });
    expect(keysByRole(set, now + 99).current.kid).toBe(current.kid);
    expect(keysByRole(set, now + 100).current.kid).toBe(next.kid);
    expect(keysByRole(set, now + 100).previous.kid).toBe(current.kid);
  });

  test('keeps members of later versions', () => {
    expect(parsed({ current, next, later: 'kept' })).toMatchObject({ later: 'kept' });
  });
});

describe('signing key secret', () => {
  test('before the first rotation has no set', () => {
    expect(parseSigningKeySet('{}')).toStrictEqual({ ok: true, value: undefined });
  });

  test.each(['', 'private words', '[]', '{"current":{}}', '{"keys":[{}]}'])(
    'that is %j is unreadable, and the error does not repeat it',
    (secret) => {
      expect(parseSigningKeySet(secret)).toStrictEqual({ ok: false, error: 'unreadable' });
    },
  );
});

describe('rotation of a signing key set', () => {
  test.each([
    ['takes effect at once', {}],
    ['takes effect later', { nextCreatedAt: now - 60 }],
  ])('that %s keeps members of later versions', async (_, dates) => {
    const set = parsed({ current, next, ...dates, later: 'kept' });
    expect(await rotateSigningKeySet(set, terms, now)).toMatchObject({ later: 'kept' });
  });
});
