import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { decodeProtectedHeader, errors } from 'jose';
import * as v from 'valibot';
import { currentSigner } from '../../src/keys/current-signer.ts';
import { verificationKeyFinder } from '../../src/keys/published-key-set.ts';
import { rotateSigningKeySet } from '../../src/keys/rotation.ts';
import { PublicSigningKey } from '../../src/keys/signing-key.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { keysByRole } from './roles.ts';

const terms = { algorithm: 'ES256', longestTokenLifetime: 14_400 } as const;
const firstSet = await rotateSigningKeySet(undefined, terms, 0);
const secondSet = await rotateSigningKeySet(firstSet, terms, 0);
const first = keysByRole(firstSet, 0);
const down = new Unavailable('Secrets Manager', new Error('down'));

test('signs with the current key, and with the next one a minute after a rotation at the latest', async () => {
  const time = { now: 1_000 };
  let set = firstSet;
  const signer = currentSigner(async () => set, { clock: () => time.now, log: () => {} });
  const kid = async () => decodeProtectedHeader((await signer())({})).kid;
  expect(await kid()).toBe(first.current.kid);
  set = secondSet;
  time.now += 59;
  expect(await kid()).toBe(first.current.kid);
  time.now += 1;
  expect(await kid()).toBe(first.next.kid);
});

test('Secrets Manager down: a cold function cannot sign, a warm one signs on, both come back', async () => {
  const time = { now: 1_000 };
  let failing = true;
  const read = async () => {
    if (failing) throw down;
    return firstSet;
  };
  const signer = currentSigner(read, { clock: () => time.now, log: () => {} });
  await expect(signer()).rejects.toThrow(Unavailable);
  failing = false;
  await signer();
  failing = true;
  time.now += 86_400;
  expect(decodeProtectedHeader((await signer())({})).kid).toBe(first.current.kid);
});

test('before the first rotation nothing is signed', async () => {
  await expect(currentSigner(async () => undefined, { clock: () => 0, log: () => {} })()).rejects.toThrow(
    Unavailable,
  );
});

test('callers at the same time read the secret once', async () => {
  let reads = 0;
  const read = async () => {
    reads += 1;
    return firstSet;
  };
  const signer = currentSigner(read, { clock: () => 0, log: () => {} });
  await Promise.all([signer(), signer(), signer()]);
  expect(reads).toBe(1);
});

test('finds a published key by kid, reads again for an unknown one, and not more than every five seconds', async () => {
  const time = { now: 1_000 };
  let reads = 0;
  let published = [v.parse(PublicSigningKey, first.current)];
  const reader = {
    async find() {
      reads += 1;
      return { keys: published };
    },
  };
  const find = verificationKeyFinder(reader, () => time.now);
  const keyOf = (kid: string | undefined, alg = 'ES256') =>
    Promise.resolve(find({ alg, ...(kid !== undefined && { kid }) }, { payload: '', signature: '' }));

  expect(await keyOf(first.current.kid)).toBeDefined();
  for (const kid of [first.next.kid, 'made-up', undefined, '__proto__']) {
    await expect(keyOf(kid)).rejects.toThrow(errors.JWKSNoMatchingKey);
  }
  assert.equal(reads, 1, 'a flood of unknown keys');
  await expect(keyOf(first.current.kid, 'RS256')).rejects.toThrow(errors.JWKSNoMatchingKey);

  published = [v.parse(PublicSigningKey, first.next)];
  time.now += 5;
  expect(await keyOf(first.next.kid)).toBeDefined();
  await assert.rejects(keyOf(first.current.kid), 'a key that is no longer published');
});
