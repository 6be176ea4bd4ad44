import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import type { PublishedKeySet } from '../../src/keys/published-key-set.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import type { SecretVersions } from '../../src/keys/rotation.ts';
import { signingKeyAt } from '../../src/keys/signing-key-set.ts';
import type { SigningKeySet } from '../../src/keys/signing-key-set.ts';

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
type Step = (typeof steps)[number];

/** Seconds from one rotation to the next: thirty days. */
const period = 30 * 86_400;

/** A secret with versions and labels as Secrets Manager keeps them. */
function memorySecret() {
  const time = { now: 1_800_000_000, algorithm: 'ES256' as SigningAlgorithmName };
  const texts = new Map<string, string>([['v0', '{}']]);
  const labels = new Map<string, string>([['AWSCURRENT', 'v0']]);
  let published: PublishedKeySet | undefined;
  let writesLeft = Infinity;
  const write = () => {
    writesLeft -= 1;
    if (writesLeft < 0) throw new Error('died');
  };
  const versions: SecretVersions = {
    async read(label, versionId) {
      const id = labels.get(label);
      return id === undefined || (versionId !== undefined && versionId !== id) ? undefined : texts.get(id);
    },
    async writePending(versionId, text) {
      write();
      if (texts.has(versionId)) throw new Error('ResourceExistsException');
      texts.set(versionId, text);
      labels.set('AWSPENDING', versionId);
    },
    currentVersion: async () => labels.get('AWSCURRENT'),
    async makeCurrent(versionId) {
      write();
      labels.set('AWSCURRENT', versionId);
    },
  };
  const put = async (set: PublishedKeySet) => {
    write();
    published = set;
  };
  return {
    time,
    step: (step: Step, versionId: string) =>
      rotationSteps[step]({
        versionId,
        versions,
        published: { put },
        terms: { algorithm: time.algorithm, longestTokenLifetime: 4 * 3_600 },
        clock: () => time.now,
      }),
    async rotate(versionId: string, ...which: Step[]) {
      // Long enough for every verifier to have the next key.
      time.now += period;
      for (const step of which.length > 0 ? which : steps) await this.step(step, versionId);
    },
    dieAfterWrites(count: number) {
      writesLeft = count;
    },
    signingKid: () =>
      signingKeyAt(JSON.parse(texts.get(labels.get('AWSCURRENT') ?? '') ?? '{}') as SigningKeySet, time.now)
        .kid,
    current: () => JSON.parse(texts.get(labels.get('AWSCURRENT') ?? '') ?? '{}') as Partial<SigningKeySet>,
    published: () => published?.keys.map(({ kid }) => kid) ?? [],
    publishedSet: () => published,
  };
}

const kids = ({ current, next, previous }: Partial<SigningKeySet>) =>
  [current, next, previous].flatMap((key) => (key ? [key.kid] : []));

test('the first rotation makes current and next, and publishes both', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  const set = secret.current();
  expect(kids(set).length).toBe(2);
  expect(secret.published()).toStrictEqual(kids(set));
});

test('each rotation moves next to current and current to previous, and publishes all three', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  const first = secret.current();
  await secret.rotate('v2');
  const second = secret.current();
  expect(second.current?.kid).toBe(first.next?.kid);
  expect(second.previous?.kid).toBe(first.current?.kid);
  expect(new Set(kids(second)).size).toBe(3);
  expect(secret.published()).toStrictEqual(kids(second));
});

test('what is published holds nothing private', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  for (const key of secret.publishedSet()?.keys ?? []) {
    expect(Object.keys(key).toSorted()).toStrictEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
  }
});

test('a step that runs twice changes nothing more', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  await secret.rotate(
    'v2',
    'createSecret',
    'createSecret',
    'setSecret',
    'setSecret',
    'testSecret',
    'testSecret',
  );
  await secret.step('finishSecret', 'v2');
  const once = secret.current();
  await secret.step('finishSecret', 'v2');
  expect(secret.current()).toStrictEqual(once);
  expect(secret.published()).toStrictEqual(kids(once));
});

test('a rotation that dies at any write leaves a published key that signs, and ends when run again', async () => {
  for (let writes = 0; writes < 3; writes += 1) {
    const secret = memorySecret();
    await secret.rotate('v1');
    const before = secret.current();
    secret.dieAfterWrites(writes);
    await expect(secret.rotate('v2')).rejects.toThrow(/died/);
    secret.dieAfterWrites(Infinity);

    assert.deepEqual(secret.current(), before, `current after ${writes} writes`);
    assert.ok(secret.published().includes(before.current?.kid ?? ''), 'the key that signs is published');

    await secret.rotate('v2');
    expect(secret.current().current?.kid).toBe(before.next?.kid);
    expect(secret.published()).toStrictEqual(kids(secret.current()));
  }
});

test('finishSecret and testSecret refuse a version that createSecret has not made', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  const before = secret.current();
  await expect(secret.step('testSecret', 'v9')).rejects.toThrow(/has not made/);
  await expect(secret.step('finishSecret', 'v9')).rejects.toThrow(/has not made/);
  expect(secret.current()).toStrictEqual(before);
});

test('a secret that holds something else is not taken for an empty one', async () => {
  const secret = memorySecret();
  await secret.step('createSecret', 'v1');
  await secret.step('finishSecret', 'v1');
  const versions: SecretVersions = {
    read: async (label) => (label === 'AWSCURRENT' ? '{"current":{}}' : undefined),
    writePending: () => assert.fail('keys were overwritten'),
    currentVersion: async () => 'v0',
    makeCurrent: () => assert.fail('keys were overwritten'),
  };
  const context = {
    versionId: 'v1',
    versions,
    published: { put: async () => {} },
    terms: { algorithm: 'ES256' as const, longestTokenLifetime: 4 * 3_600 },
    clock: () => 0,
  };
  await expect(rotationSteps.createSecret(context)).rejects.toThrow(v.ValiError);
});

test('a key that was published just now does not sign until every cache has it', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  await secret.rotate('v2');
  const { current, next } = secret.current();
  secret.time.now -= period - 60;
  await secret.rotate('v3');
  assert.equal(secret.signingKid(), current?.kid, 'a minute after it was published');
  expect(secret.published()).toContain(next?.kid ?? '');
  secret.time.now += 7_200 + 600;
  assert.equal(secret.signingKid(), current?.kid, 'tokens of the previous key live for four hours');
  secret.time.now += 7_200;
  assert.equal(secret.signingKid(), next?.kid, 'when every cache has it and no token needs the previous key');
  await secret.rotate('v4');
  assert.equal(secret.signingKid(), next?.kid, 'it stays, and has a successor');
  expect(new Set(secret.published()).size).toBe(3);
});

test('one rotation changes the algorithm, and no verifier meets a key that it has not seen', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  const before = secret.current();
  secret.time.algorithm = 'EdDSA';
  await secret.rotate('v2');
  const { next, current } = secret.current();
  expect(next?.alg).toBe('EdDSA');
  expect(current?.kid).toBe(before.current?.kid);
  expect(secret.published()).toContain(next?.kid ?? '');
  expect(secret.signingKid()).toBe(current?.kid);
  secret.time.now += 7_200 + 600;
  expect(secret.signingKid()).toBe(next?.kid);
  assert.ok(secret.published().includes(current?.kid ?? ''), 'for tokens that live on');
  await secret.rotate('v3');
  expect(secret.signingKid()).toBe(next?.kid);
  expect(secret.current().previous?.kid).toBe(current?.kid);
});
