import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import type { PublishedKeySet } from '../../src/keys/published-key-set.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import type { RotationVersions } from '../../src/keys/rotation.ts';
import { parseSigningKeySet } from '../../src/keys/signing-key-set.ts';
import type { SigningKeySet } from '../../src/keys/signing-key-set.ts';
import { keysByRole } from './roles.ts';
import type { KeysByRole } from './roles.ts';

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;
type Step = (typeof steps)[number];

/** Seconds from one rotation to the next: thirty days. */
const period = 30 * 86_400;

/** A secret with versions and labels as Secrets Manager keeps them. */
function memorySecret() {
  const time = { now: 1_800_000_000, algorithm: 'ES256' as SigningAlgorithmName };
  const sets = new Map<string, SigningKeySet | undefined>([['v0', undefined]]);
  const labels = new Map<string, string>([['AWSCURRENT', 'v0']]);
  let published: PublishedKeySet | undefined;
  let writesLeft = Infinity;
  const write = () => {
    writesLeft -= 1;
    if (writesLeft < 0) throw new Error('died');
  };
  const versions: RotationVersions = {
    async read(label, versionId) {
      const id = labels.get(label);
      return id === undefined || (versionId !== undefined && versionId !== id) ? undefined : sets.get(id);
    },
    async writePending(versionId, set) {
      write();
      if (sets.has(versionId)) throw new Error('ResourceExistsException');
      sets.set(versionId, parsed(JSON.stringify(set)));
      labels.set('AWSPENDING', versionId);
    },
    async discardPending() {
      labels.delete('AWSPENDING');
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
  const currentSet = () => {
    const set = sets.get(labels.get('AWSCURRENT') ?? '');
    if (!set) throw new Error('There are no keys');
    return set;
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
    pendingVersion: () => labels.get('AWSPENDING'),
    /** Attaches AWSPENDING to an empty version, as Secrets Manager does before it calls createSecret. */
    leavePending(versionId: string | undefined) {
      if (versionId === undefined) labels.delete('AWSPENDING');
      else labels.set('AWSPENDING', versionId);
    },
    signingKid: () => keysByRole(currentSet(), time.now).current.kid,
    current: () => keysByRole(currentSet(), time.now),
    published: () => published?.keys.map(({ kid }) => kid) ?? [],
    publishedSet: () => published,
  };
}

/** The `kid` of each key of a set, in the order in which they are published. */
const kids = ({ set, current, next }: KeysByRole) => {
  const first = [current.kid, next.kid];
  return [...first, ...set.keys.map(({ key }) => key.kid).filter((kid) => !first.includes(kid))];
};

const parsed = (secret: string) => {
  const set = parseSigningKeySet(secret);
  if (!set.ok) throw new Error(set.error);
  return set.value;
};

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
  expect(secret.current().set).toStrictEqual(once.set);
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

    assert.deepEqual(secret.current().set, before.set, `current after ${writes} writes`);
    assert.ok(secret.published().includes(before.current?.kid ?? ''), 'the key that signs is published');

    secret.time.now += 240;
    for (const step of steps) await secret.step(step, 'v2');
    expect(secret.current().current?.kid).toBe(before.next?.kid);
    expect(secret.published()).toStrictEqual(kids(secret.current()));
  }
});

describe('a rotation that is attempted again too late for its dates', () => {
  test('is discarded, because its keys would sign or be dropped too soon, and another one can begin', async () => {
    const secret = memorySecret();
    await secret.rotate('v1');
    const before = secret.current();
    await secret.rotate('v2', 'createSecret');
    secret.time.now += 301;
    await expect(secret.step('createSecret', 'v2')).rejects.toThrow(/more than 5 minutes ago.*rotate again/);
    expect(secret.current().set).toStrictEqual(before.set);
    expect(secret.pendingVersion()).toBeUndefined();
    for (const step of steps) await secret.step(step, 'v3');
    expect(secret.current().current.kid).toBe(before.next.kid);
  });

  test('is discarded by finishSecret before anything is published', async () => {
    const secret = memorySecret();
    await secret.rotate('v1');
    const published = secret.published();
    await secret.rotate('v2', 'createSecret', 'setSecret', 'testSecret');
    secret.time.now += 301;
    await expect(secret.step('finishSecret', 'v2')).rejects.toThrow(/were discarded/);
    expect(secret.published()).toStrictEqual(published);
    expect(secret.pendingVersion()).toBeUndefined();
  });

  test('continues if it is the first one, before which nobody has cached a key', async () => {
    const secret = memorySecret();
    await secret.rotate('v1', 'createSecret');
    secret.time.now += period;
    for (const step of steps) await secret.step(step, 'v1');
    expect(secret.published()).toStrictEqual(kids(secret.current()));
  });

  test('continues if it changes no date', async () => {
    const secret = memorySecret();
    await secret.rotate('v1');
    secret.time.algorithm = 'EdDSA';
    await secret.rotate('v2');
    await secret.step('createSecret', 'v3');
    secret.time.now += 7_000;
    for (const step of steps) await secret.step(step, 'v3');
    expect(secret.current().next.alg).toBe('EdDSA');
  });
});

describe('a version that another rotation left with AWSPENDING', () => {
  test.each([
    ['empty', false],
    ['with keys', true],
  ] as const)('does not become current: %s', async (_, isFilled) => {
    const secret = memorySecret();
    await secret.rotate('v1');
    const before = secret.current();
    if (isFilled) await secret.rotate('left', 'createSecret');
    else secret.leavePending('left');
    await secret.rotate('v2');
    expect(secret.pendingVersion()).toBe('v2');
    expect(secret.current().current.kid).toBe(before.next.kid);
    expect(secret.published()).toStrictEqual(kids(secret.current()));
  });

  test('is filled by the rotation that attached the label', async () => {
    const secret = memorySecret();
    secret.leavePending('v1');
    await secret.rotate('v1');
    expect(secret.published()).toStrictEqual(kids(secret.current()));
  });
});

test('createSecret changes nothing after the version has become current and has lost AWSPENDING', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  const before = secret.current();
  secret.leavePending(undefined);
  for (const step of steps) {
    if (step !== 'testSecret') await secret.step(step, 'v1');
  }
  expect(secret.current().set).toStrictEqual(before.set);
});

test('finishSecret and testSecret refuse a version that createSecret has not created', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  const before = secret.current();
  await expect(secret.step('testSecret', 'v9')).rejects.toThrow(/has not created/);
  await expect(secret.step('finishSecret', 'v9')).rejects.toThrow(/has not created/);
  expect(secret.current().set).toStrictEqual(before.set);
});

test('a secret that holds something else is not taken for an empty one', async () => {
  const secret = memorySecret();
  await secret.step('createSecret', 'v1');
  await secret.step('finishSecret', 'v1');
  const versions: RotationVersions = {
    read: async () => parsed('{"current":{}}'),
    writePending: () => assert.fail('keys were overwritten'),
    discardPending: () => assert.fail('a version was discarded'),
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
  await expect(rotationSteps.createSecret(context)).rejects.toThrow('unreadable');
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

describe('a change of the algorithm while a key waits for its date', () => {
  /** A stage of ES256 whose next key, of EdDSA, waits for its date. */
  async function waiting() {
    const secret = memorySecret();
    await secret.rotate('v1');
    secret.time.algorithm = 'EdDSA';
    await secret.rotate('v2');
    return { secret, replaced: secret.current() };
  }
  async function rotateAfter(secret: Awaited<ReturnType<typeof waiting>>['secret'], seconds: number) {
    secret.time.now += seconds - period;
    await secret.rotate('v3');
  }

  test.each(['ES256', 'RS256'] as const)(
    'puts a key of %s in its place, with a date of its own',
    async (algorithm) => {
      const { secret, replaced } = await waiting();
      secret.time.algorithm = algorithm;
      await rotateAfter(secret, 600);
      const { next, current, set } = secret.current();
      expect(next.alg).toBe(algorithm);
      expect(current.kid).toBe(replaced.current.kid);
      expect(set.keys.map(({ signsFrom, retiredAt }) => [signsFrom, retiredAt])).toContainEqual([
        secret.time.now + 7_800,
        undefined,
      ]);
      secret.time.now += 7_799;
      expect(secret.signingKid()).toBe(current.kid);
      secret.time.now += 1;
      expect(secret.signingKid()).toBe(next.kid);
    },
  );

  test('lets replaced keys go with the next rotation if they cannot have signed', async () => {
    const { secret, replaced } = await waiting();
    for (const [index, algorithm] of (['ES256', 'EdDSA', 'ES256'] as const).entries()) {
      secret.time.algorithm = algorithm;
      secret.time.now += 600 - period;
      await secret.rotate(`change ${index}`);
      // Until then it stays published: the functions have the old set until the rotation is complete.
      if (index === 0) expect(secret.published()).toContain(replaced.next.kid);
    }
    expect(secret.published().length).toBe(3);
    expect(secret.published()).not.toContain(replaced.next.kid);
  });

  test('keeps the replaced key for its tokens if its date came before the rotation was complete', async () => {
    const { secret, replaced } = await waiting();
    secret.time.algorithm = 'ES256';
    secret.time.now += 7_800 - 10 - period;
    await secret.rotate('v3', 'createSecret');
    secret.time.now += 60;
    expect(secret.signingKid()).toBe(replaced.next.kid);
    for (const step of steps) await secret.step(step, 'v3');
    expect(secret.signingKid()).toBe(replaced.current.kid);
    const { next } = secret.current();
    // The key set may hold back no longer than its tokens live.
    secret.time.now += 4 * 3_600 + 490;
    expect(secret.signingKid()).toBe(replaced.current.kid);
    expect(secret.published()).toContain(replaced.next.kid);
    secret.time.now += 60;
    expect(secret.signingKid()).toBe(next.kid);
  });

  test('respects tokens of the last retired key', async () => {
    const secret = memorySecret();
    await secret.rotate('v1');
    await secret.rotate('v2');
    secret.time.algorithm = 'EdDSA';
    secret.time.now += 60 - period;
    await secret.rotate('v3');
    secret.time.algorithm = 'RS256';
    secret.time.now += 60 - period;
    await secret.rotate('v4');
    const { current, next } = secret.current();
    secret.time.now += 4 * 3_600 + 600 - 121;
    expect(secret.signingKid()).toBe(current.kid);
    secret.time.now += 1;
    expect(secret.signingKid()).toBe(next.kid);
  });

  test('changes nothing if the waiting key has the algorithm of the stage', async () => {
    const { secret, replaced } = await waiting();
    await rotateAfter(secret, 600);
    expect(secret.current().set).toStrictEqual(replaced.set);
  });
});

test('a change of the algorithm takes one rotation, also after the next key became current at its date', async () => {
  const secret = memorySecret();
  await secret.rotate('v1');
  secret.time.algorithm = 'EdDSA';
  await secret.rotate('v2');
  secret.time.now += 86_400;
  secret.time.algorithm = 'ES256';
  secret.time.now -= period;
  await secret.rotate('v3');
  const { current, next } = secret.current();
  expect([current.alg, next.alg]).toStrictEqual(['EdDSA', 'ES256']);
  secret.time.now += 86_400;
  expect(secret.signingKid()).toBe(next.kid);
});
