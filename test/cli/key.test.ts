import assert from 'node:assert/strict';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { secretsManagerClient } from '../../local/clients.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import type { PublishedKeySet } from '../../src/keys/published-key-set.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import type { SigningKeySet } from '../../src/keys/signing-key-set.ts';
import { ok } from '../../src/result.ts';
import { signingKeySetStore, signingKeySetVersions } from '../../src/storage/signing-key-set-store.ts';
import type { SigningKeySetStore } from '../../src/storage/signing-key-set-store.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { keysByRole, kidsOf } from '../keys/roles.ts';
import type { KeysByRole } from '../keys/roles.ts';
import { assertIncludes, errorOf, postern } from './postern.ts';
import type { Ran } from './postern.ts';
import type { StageUnderTest } from './stage-under-test.ts';
import { emptyStage, now } from './stage-under-test.ts';

const Invocation = v.object({
  SecretId: v.string(),
  ClientRequestToken: v.string(),
  Step: v.picklist(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
});

/** The stage that each rotation function belongs to. */
const rotated = new Map<string, StageUnderTest>();
/** The signing algorithm of each rotation function, ES256 if it has no entry. */
const algorithms = new Map<string, SigningAlgorithmName>();
/** The step in which a rotation function fails. */
const failingSteps = new Map<string, string>();

const database = await testDatabase();
const operator = newAccessKey();
const service = await startSecretsManager({
  file: undefined,
  control: localAccessControl(operator),
  async invokeRotation(functionArn, event) {
    const { SecretId, ClientRequestToken: versionId, Step } = v.parse(Invocation, event);
    const stage = rotated.get(functionArn);
    assert.ok(stage);
    if (failingSteps.get(functionArn) === Step) throw new Error('it failed');
    const versions = signingKeySetVersions(secretsManager, SecretId);
    const { publishedKeys: published, clock } = stage;
    const algorithm = algorithms.get(functionArn) ?? 'ES256';
    await rotationSteps[Step]({
      versionId,
      versions,
      published,
      terms: { algorithm, longestTokenLifetime: 14_400 },
      clock,
    });
  },
});
const secretsManager = secretsManagerClient(service.endpoint, operator);
afterThisFile(async () => {
  secretsManager.destroy();
  await service.close();
  await database.close();
});

let count = 0;

const day = 86_400;

/** A key set as a number of rotations has left it, and what is published of it. */
interface RotatedKeys {
  readonly SecretString: string | undefined;
  readonly published: PublishedKeySet | undefined;
}
/** By the number of rotations. A copy is much faster than as many rotations. */
const rotatedKeys = new Map<number, RotatedKeys>();

/** A stage whose signing keys were rotated once a day, `rotations` times, the last time yesterday. */
async function stageWithKeys(rotations = 1) {
  count += 1;
  const SecretId = `signing-keys-${count}`;
  const copied = rotatedKeys.get(rotations);
  const time = { now: copied ? now : now - rotations * day };
  await secretsManager.send(
    new CreateSecretCommand({ Name: SecretId, SecretString: copied?.SecretString ?? '{}' }),
  );
  const empty = await emptyStage(database, signingKeySetStore(secretsManager, SecretId));
  const record = { ...empty.record, signingAlgorithm: 'ES256' } as const;
  const stage: StageUnderTest = { ...empty, record, clock: () => time.now };
  rotated.set(SecretId, stage);
  await secretsManager.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN: SecretId, RotateImmediately: false }),
  );
  if (copied?.published) await stage.publishedKeys.put(copied.published);
  for (; time.now < now; time.now += day) await secretsManager.send(new RotateSecretCommand({ SecretId }));
  if (!copied) {
    const { SecretString } = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
    rotatedKeys.set(rotations, { SecretString, published: await stage.publishedKeys.find() });
  }
  return { stage, SecretId, time };
}

async function setOf({ signingKeys, clock }: StageUnderTest): Promise<KeysByRole> {
  const { set } = await signingKeys.read();
  assert.ok(set);
  return keysByRole(set, clock());
}

const publishedBy = async ({ publishedKeys }: StageUnderTest) =>
  (await publishedKeys.find())?.keys.map(({ kid }) => kid).toSorted();

/** The set whose next key becomes current at `date`, NumericDate. */
const dated = ({ set, next, current }: KeysByRole, date: number): SigningKeySet => ({
  ...set,
  keys: set.keys.map((one) => ({
    ...one,
    ...(one.key === next && { signsFrom: date }),
    ...(one.key === current && { retiredAt: date }),
  })),
});

const at = ['--stage', 'sandbox'];
const list = ['key', 'list', ...at];
const rotate = ['key', 'rotate', ...at];
const revoke = (stage: StageUnderTest, kid: string, ...more: string[]) =>
  postern(['key', 'revoke', ...at, '--yes', ...more, '--', kid], { stage });

describe('postern key list', () => {
  describe('after two rotations', () => {
    let stage: StageUnderTest;
    let keys: KeysByRole;
    beforeAll(async () => {
      ({ stage } = await stageWithKeys(2));
      keys = await setOf(stage);
    });

    test('prints the role of each key and whether it is published with --json', async () => {
      const ran = await postern([...list, '--json'], { stage });
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(JSON.parse(ran.stdout)).toStrictEqual({
        keys: [
          { kid: keys.next.kid, alg: 'ES256', role: 'next', published: true },
          { kid: keys.current.kid, alg: 'ES256', role: 'current', published: true },
          { kid: keys.previous.kid, alg: 'ES256', role: 'previous', published: true },
        ],
        rotating: false,
      });
    });

    test('prints a line for each key', async () => {
      const { stdout } = await postern(list, { stage });
      expect(stdout).toMatch(/^KID +ALG +ROLE +PUBLISHED$/m);
      expect(stdout).toContain(`${keys.current.kid}  ES256  current   yes\n`);
      expect(stdout.split('\n')).toHaveLength(5);
    });

    test.each([['as text', list] as const, ['with --json', [...list, '--json']] as const])(
      'prints nothing of a private key %s',
      async (_, words) => {
        const { stdout } = await postern(words, { stage });
        for (const { d } of [keys.next, keys.current]) expect(stdout).not.toContain(d);
      },
    );
  });

  describe('with an unpublished key and a published key that is no signing key', () => {
    let keys: KeysByRole;
    let ran: Ran;
    beforeAll(async () => {
      const { stage } = await stageWithKeys(2);
      keys = await setOf(stage);
      const published = (await stage.publishedKeys.find())?.keys ?? [];
      const stray = published.flatMap((key) =>
        key.kid === keys.next.kid ? [{ ...key, kid: 'stray' }] : [key],
      );
      await stage.publishedKeys.put({ keys: stray });
      ran = await postern(list, { stage });
    });

    test('shows which keys are published', () => {
      expect(ran.stdout).toContain(`${keys.next.kid}  ES256  next      no\n`);
      expect(ran.stdout).toContain(`${keys.previous.kid}  ES256  previous  yes\n`);
    });

    test('prints how to publish the unpublished key', () => {
      expect(ran.stdout).toMatch(
        /signed with an unpublished key are refused.*npx postern key rotate --stage sandbox/,
      );
    });

    test('shows the published key without a role', () => {
      expect(ran.stdout).toMatch(/^stray +ES256  - +yes$/m);
      expect(ran.stdout).toMatch(/without a role is published and does not sign/);
    });
  });

  test('before the first rotation prints how to create keys', async () => {
    const { stage } = await stageWithKeys(0);
    const { stdout } = await postern(list, { stage });
    expect(stdout).toMatch(/no signing keys in sandbox yet.*npx postern key rotate --stage sandbox/);
  });

  describe('with a next key that has a date', () => {
    let stage: StageUnderTest;
    beforeAll(async () => {
      ({ stage } = await stageWithKeys());
      await stage.signingKeys.write(dated(await setOf(stage), now + 60));
    });

    test('prints when it becomes current', async () => {
      const { stdout } = await postern(list, { stage });
      expect(stdout).toMatch(/next key becomes current at 2026-05-04T03:03:01Z: it signs from then on/);
    });

    test('prints the date with --json', async () => {
      const { stdout } = await postern([...list, '--json'], { stage });
      assertIncludes(JSON.parse(stdout), { nextSignsFrom: '2026-05-04T03:03:01Z' });
    });

    test('shows it as current at that date', async () => {
      const { stdout } = await postern(list, { stage: { ...stage, clock: () => now + 60 } });
      expect(stdout).toMatch(/ES256 +previous +yes\n.*/);
      expect(stdout).not.toMatch(/becomes current/);
    });
  });

  test.each(['private words', '{"current":{"d":"private words"}}'])(
    'refuses a secret that holds no key set, and repeats nothing of it: %s',
    async (SecretString) => {
      const { stage, SecretId } = await stageWithKeys(0);
      await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
      const ran = await postern(list, { stage });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/no key set that this version can read/);
      expect(ran.stderr).not.toContain('private words');
    },
  );
});

describe('postern key list --wait', () => {
  const wait = [...list, '--wait'];

  /** The stage, where `events` happen after these numbers of seconds. Time passes only while something waits. */
  function later(stage: StageUnderTest, events: Readonly<Record<number, () => Promise<unknown>>> = {}) {
    let waited = 0;
    return {
      ...stage,
      wait: async (seconds: number) => {
        waited += seconds;
        await events[waited]?.();
      },
      waited: () => waited,
    };
  }
  const attachPending = (SecretId: string) => async () => {
    failingSteps.set(SecretId, 'createSecret');
    await expect(secretsManager.send(new RotateSecretCommand({ SecretId }))).rejects.toThrow(/createSecret/);
    failingSteps.delete(SecretId);
  };
  const discardPending = (SecretId: string) => async () => {
    const { VersionIdsToStages = {} } = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
    const pending = Object.keys(VersionIdsToStages).find((id) =>
      VersionIdsToStages[id]?.includes('AWSPENDING'),
    );
    assert.ok(pending);
    await signingKeySetVersions(secretsManager, SecretId).discardPending(pending);
  };

  test('does not wait if there are keys', async () => {
    const { stage } = await stageWithKeys();
    const ran = await postern(wait, { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toBe((await postern(list, { stage })).stdout);
  });

  test('waits for the first rotation, and says what it waits for once', async () => {
    const { stage, SecretId } = await stageWithKeys(0);
    const slow = later(stage, { 5: attachPending(SecretId), 60: stage.signingKeys.rotate });
    const ran = await postern(wait, { stage: slow });
    expect(ran.code).toBe(0);
    expect(ran.stderr.trimEnd().split('\n')).toStrictEqual([
      'postern: Waiting for at most 300 seconds: There are no signing keys in sandbox yet.',
      'postern: Waiting for at most 295 seconds: A rotation of the signing keys of sandbox is under way.',
    ]);
    expect(ran.stdout).toMatch(/ current +yes$/m);
    expect(slow.waited()).toBe(60);
  });

  test('prints JSON on standard error too with --json', async () => {
    const { stage } = await stageWithKeys(0);
    const ran = await postern([...wait, '--json'], { stage: later(stage, { 5: stage.signingKeys.rotate }) });
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stderr)).toStrictEqual({ warning: expect.stringMatching(/^Waiting for at most/) });
    expect(JSON.parse(ran.stdout).keys).toHaveLength(2);
  });

  test('fails after five minutes without keys', async () => {
    const { stage } = await stageWithKeys(0);
    const slow = later(stage);
    const ran = await postern(wait, { stage: slow });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /There are no signing keys in sandbox yet\. The first rotation creates them\. None is under way after 300 seconds\..*npx postern key rotate --stage sandbox/,
    );
    expect(ran.stdout).toBe('');
    expect(slow.waited()).toBe(300);
  });

  test('fails after five minutes of a rotation that does not complete', async () => {
    const { stage, SecretId } = await stageWithKeys();
    await attachPending(SecretId)();
    const ran = await postern(wait, { stage: later(stage) });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/is under way\. It is not complete after 300 seconds.*operator-runbook\.md/s);
  });

  test('fails as soon as the rotation was given up', async () => {
    const { stage, SecretId } = await stageWithKeys(0);
    await attachPending(SecretId)();
    const slow = later(stage, { 10: discardPending(SecretId) });
    const ran = await postern(wait, { stage: slow });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(
      /The rotation of the signing keys has failed\. The log of the rotation function/,
    );
    expect(slow.waited()).toBe(10);
  });

  test('fails at once if there are no keys and no schedule that creates them', async () => {
    const { stage, SecretId } = await stageWithKeys(0);
    const signingKeys: SigningKeySetStore = {
      ...stage.signingKeys,
      read: async () => ({ ...(await stage.signingKeys.read()), isRotationEnabled: false }),
    };
    const ran = await postern(wait, { stage: { ...stage, signingKeys } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/no schedule for their rotation: the stage is not completely deployed/);
    expect((await signingKeySetStore(secretsManager, SecretId).read()).isRotationEnabled).toBe(true);
  });

  test('waits until the current key is published', async () => {
    const { stage } = await stageWithKeys();
    const published = await stage.publishedKeys.find();
    assert.ok(published);
    await stage.publishedKeys.put({ keys: [] });
    const ran = await postern(wait, { stage: later(stage, { 5: () => stage.publishedKeys.put(published) }) });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/The current signing key of sandbox is not published/);
  });
});

describe('postern key rotate', () => {
  test('makes the next key current and the current key previous', async () => {
    const { stage } = await stageWithKeys();
    const before = await setOf(stage);
    const ran = await postern(rotate, { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const after = await setOf(stage);
    expect(after.current.kid).toBe(before.next.kid);
    expect(after.previous.kid).toBe(before.current.kid);
    expect(ran.stdout).toContain(`${after.current.kid} is current: the token function signs with it within`);
    expect(ran.stdout).toContain(`Tokens that ${before.current.kid} signed are accepted until they expire`);
  });

  test('prints the keys with --json', async () => {
    const { stage } = await stageWithKeys();
    const ran = await postern([...rotate, '--json'], { stage });
    const after = await setOf(stage);
    expect(JSON.parse(ran.stdout)).toStrictEqual({
      rotated: true,
      keys: [
        { kid: after.next.kid, alg: 'ES256', role: 'next', published: true },
        { kid: after.current.kid, alg: 'ES256', role: 'current', published: true },
        { kid: after.previous.kid, alg: 'ES256', role: 'previous', published: true },
      ],
    });
  });

  /** Signing keys as AWS rotates them: the response comes first, the rotation after `seconds`. */
  function slowly(stage: StageUnderTest, seconds: number): StageUnderTest {
    let left = Infinity;
    const signingKeys: SigningKeySetStore = {
      ...stage.signingKeys,
      rotate: async () => {
        left = seconds;
        return ok('started');
      },
    };
    const wait = async (passed: number) => {
      left -= passed;
      if (left <= 0) await stage.signingKeys.rotate();
      if (left <= 0) left = Infinity;
    };
    return { ...stage, signingKeys, wait };
  }

  test('waits for a rotation that completes after the response', async () => {
    const { stage } = await stageWithKeys();
    const before = await setOf(stage);
    const ran = await postern(rotate, { stage: slowly(stage, 58) });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await setOf(stage)).current.kid).toBe(before.next.kid);
    expect(ran.stdout).toContain(`${before.next.kid} is current`);
  });

  test('waits for a minute at most', async () => {
    const { stage } = await stageWithKeys();
    const late = await postern(rotate, { stage: slowly(stage, 90) });
    expect(late.code).toBe(1);
    expect(late.stderr).toMatch(
      /has begun and is not complete after 60 seconds.*npx postern key list --stage sandbox/s,
    );
  });
});

describe('postern key rotate, of a stage whose signing algorithm has changed', () => {
  let stage: StageUnderTest;
  let before: KeysByRole;
  let ran: Ran;
  beforeAll(async () => {
    const created = await stageWithKeys();
    ({ stage } = created);
    before = await setOf(stage);
    algorithms.set(created.SecretId, 'EdDSA');
    ran = await postern(rotate, { stage });
  });

  test('gives the next key a date from which it signs, and prints it', async () => {
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const { next, set } = await setOf(stage);
    expect(set.keys.find(({ key }) => key === next)?.signsFrom).toBe(now + 7_800);
    expect(ran.stdout).toContain(`${next.kid} (EdDSA) signs from 2026-05-04T05:12:01Z, when`);
    expect(ran.stdout).toContain(`Until then ${before.current.kid} signs.`);
  });

  test('lets key list show the next key with its algorithm', async () => {
    expect((await postern(list, { stage })).stdout).toMatch(/ EdDSA +next +yes$/m);
  });

  test('lets key revoke make the next key current before its date, with a warning about caches', async () => {
    const revoked = await revoke(stage, before.current.kid);
    expect(revoked.stdout).toMatch(/published less than two hours ago.*refused until the set is read again/);
    expect((await setOf(stage)).set.keys.map(({ retiredAt }) => retiredAt)).toStrictEqual([
      undefined,
      undefined,
    ]);
  });
});

describe('postern key rotate, while a key waits for its date', () => {
  let stage: StageUnderTest;
  let before: KeysByRole;
  beforeEach(async () => {
    const created = await stageWithKeys();
    ({ stage } = created);
    algorithms.set(created.SecretId, 'EdDSA');
    await postern(rotate, { stage });
    before = await setOf(stage);
  });

  test('does not say that anything was rotated, but which key waits for which date', async () => {
    const ran = await postern(rotate, { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await setOf(stage)).set).toStrictEqual(before.set);
    expect(ran.stdout).not.toMatch(/rotated/);
    expect(ran.stdout).toContain('The signing keys of sandbox are the same as before.');
    expect(ran.stdout).toContain(`${before.next.kid} (EdDSA) signs from 2026-05-04T05:12:01Z`);
  });

  test('prints that nothing was rotated with --json', async () => {
    const { stdout } = await postern([...rotate, '--json'], { stage });
    assertIncludes(JSON.parse(stdout), { rotated: false, nextSignsFrom: '2026-05-04T05:12:01Z' });
  });
});

describe('postern key rotate, with an incomplete rotation', () => {
  let stage: StageUnderTest;
  let SecretId: string;
  let before: KeysByRole;
  beforeEach(async () => {
    ({ stage, SecretId } = await stageWithKeys());
    before = await setOf(stage);
    failingSteps.set(SecretId, 'testSecret');
    await postern(rotate, { stage });
    failingSteps.delete(SecretId);
  });
  /** Secrets Manager as on AWS: it responds at once, and attempts the rotation again after `seconds`. */
  function attemptedAfter(seconds: number, attempt: () => Promise<unknown>): StageUnderTest {
    let waited = 0;
    const signingKeys: SigningKeySetStore = { ...stage.signingKeys, rotate: async () => ok('resumed') };
    return {
      ...stage,
      signingKeys,
      wait: async (passed) => {
        waited += passed;
        if (waited === seconds) await attempt();
      },
    };
  }

  test('takes the refusal of Secrets Manager for a resumption', async () => {
    expect(await stage.signingKeys.rotate()).toStrictEqual(ok('resumed'));
  });

  test('waits until Secrets Manager has completed it', async () => {
    const ran = await postern(rotate, { stage: attemptedAfter(40, stage.signingKeys.rotate) });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^An earlier rotation was incomplete, and has been completed\.$/m);
    expect((await setOf(stage)).current.kid).toBe(before.next.kid);
  });

  test('fails if it is given up', async () => {
    const discard = async () => {
      const { VersionIdsToStages = {} } = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
      const [pending] =
        Object.entries(VersionIdsToStages).find(([, labels]) => labels.includes('AWSPENDING')) ?? [];
      await signingKeySetVersions(secretsManager, SecretId).discardPending(pending ?? '');
    };
    const ran = await postern(rotate, { stage: attemptedAfter(40, discard) });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/given up.*Rotate again: npx postern key rotate --stage sandbox/);
  });

  test('fails if it is not complete after a minute', async () => {
    const ran = await postern(rotate, { stage: attemptedAfter(90, stage.signingKeys.rotate) });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/earlier rotation is incomplete\. Secrets Manager attempts it again/);
  });
});

describe('postern key, with a rotation that fails', () => {
  let stage: StageUnderTest;
  let SecretId: string;
  let before: KeysByRole;
  let failed: Ran;
  beforeAll(async () => {
    ({ stage, SecretId } = await stageWithKeys(2));
    before = await setOf(stage);
    failingSteps.set(SecretId, 'testSecret');
    failed = await postern([...rotate, '--json'], { stage });
  });

  test('rotate fails with the step', () => {
    expect(failed.code).toBe(1);
    expect(errorOf(failed)).toMatch(/does not rotate the signing keys: Rotation of .* failed in testSecret/);
  });

  test('list says that a rotation is not complete', async () => {
    expect((await postern(list, { stage })).stdout).toMatch(/rotation has begun and is not complete/);
  });

  test('revoke is refused until the rotation is complete', async () => {
    const refused = await revoke(stage, before.current.kid);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /has begun and is not complete.*Wait.*npx postern key rotate --stage sandbox/,
    );
    expect((await setOf(stage)).set).toStrictEqual(before.set);
    expect(await publishedBy(stage)).toStrictEqual(kidsOf(before.set));
  });

  test('rotate resumes the rotation, and revoke is possible again', async () => {
    failingSteps.delete(SecretId);
    expect((await postern(rotate, { stage })).code).toBe(0);
    expect((await setOf(stage)).current.kid).toBe(before.next.kid);
    expect((await revoke(stage, before.current.kid)).code).toBe(0);
  });
});

describe('postern key revoke', () => {
  let stage: StageUnderTest;
  let SecretId: string;
  let time: { now: number };
  let before: KeysByRole;
  beforeEach(async () => {
    ({ stage, SecretId, time } = await stageWithKeys(2));
    before = await setOf(stage);
  });

  test('removes the previous key', async () => {
    const { previous } = before;
    const ran = await revoke(stage, previous.kid);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const { set } = await setOf(stage);
    expect(set).toStrictEqual({ keys: before.set.keys.filter(({ key }) => key !== previous) });
    expect(await publishedBy(stage)).toStrictEqual(kidsOf(set));
    expect(ran.stdout).toMatch(/\(previous\) is revoked in sandbox/);
    expect(ran.stdout).toMatch(
      /refused at once by introspection, at once by the Lambda authorizer, and within two hours/,
    );
  });

  test('replaces the next key by a new one', async () => {
    const ran = await revoke(stage, before.next.kid);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const after = await setOf(stage);
    expect(after.next.kid).not.toBe(before.next.kid);
    expect([after.current, after.previous]).toStrictEqual([before.current, before.previous]);
    expect(after.set.keys.find(({ key }) => key === after.next)?.publishedAt).toBe(now);
    expect(after.next.alg).toBe(stage.record.signingAlgorithm);
    expect(await publishedBy(stage)).toStrictEqual(kidsOf(after.set));
    expect(ran.stdout).toMatch(/has signed nothing yet/);
  });

  test('makes the next key current if the current one is revoked', async () => {
    const ran = await revoke(stage, before.current.kid, '--json');
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const after = await setOf(stage);
    expect(after.current).toStrictEqual(before.next);
    expect(after.previous).toStrictEqual(before.previous);
    expect(kidsOf(before.set)).not.toContain(after.next.kid);
    expect(after.set.keys.find(({ key }) => key === after.next)?.publishedAt).toBe(now);
    expect(await publishedBy(stage)).toStrictEqual(kidsOf(after.set));
    assertIncludes(JSON.parse(ran.stdout), { kid: before.current.kid, role: 'current', revoked: true });
    for (const { d } of [after.next, after.current]) expect(ran.stdout).not.toContain(d);
  });

  test('of the current key prints which key is current now, and nothing of a private key', async () => {
    const ran = await revoke(stage, before.current.kid);
    const after = await setOf(stage);
    expect(ran.stdout).toContain(
      `${after.current.kid} is current: the token function signs with it within a minute`,
    );
    expect(ran.stdout).not.toMatch(/less than two hours ago/);
    for (const { d } of [after.next, after.current]) expect(ran.stdout).not.toContain(d);
  });

  test('of the current key twice makes the new next key current', async () => {
    await revoke(stage, before.current.kid);
    const between = await setOf(stage);
    const ran = await revoke(stage, between.current.kid);
    expect(ran.stdout).toContain(
      `${between.next.kid} is current: the token function signs with it within a minute`,
    );
    for (const { d } of [between.next, between.current]) expect(ran.stdout).not.toContain(d);
  });

  test('keeps a revoked key out of the next rotation', async () => {
    await revoke(stage, before.current.kid);
    const revoked = await setOf(stage);
    expect((await stage.signingKeys.read()).isRotating).toBe(false);
    time.now += day;
    expect((await postern(rotate, { stage })).code).toBe(0);
    const after = await setOf(stage);
    expect(after.current.kid).toBe(revoked.next.kid);
    expect(kidsOf(after.set)).not.toContain(before.current.kid);
    expect(await publishedBy(stage)).toBeDefined();
    expect(await publishedBy(stage)).not.toContain(before.current.kid);
    const { VersionIdsToStages } = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
    const pending = Object.values(VersionIdsToStages ?? {}).filter((labels) => labels.includes('AWSPENDING'));
    expect(pending.every((labels) => labels.includes('AWSCURRENT'))).toBe(true);
  });

  test.each([
    ['previous', 'keeps the date of the next key', now + 60],
    ['next', 'gives the new key no date', undefined],
    ['current', 'removes the date of the next key', undefined],
  ] as const)('of the %s key keeps members of later versions, and %s', async (role, _, signsFrom) => {
    const set = dated(before, now + 60);
    const keys = set.keys.map((key) => ({ ...key, laterMember: 'kept' }));
    await stage.signingKeys.write({ ...set, keys, later: 'kept' });
    const ran = await revoke(stage, before[role].kid);
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(/was to sign from a date on/.test(ran.stdout)).toBe(role === 'next');
    const after = await setOf(stage);
    expect(after.set['later']).toBe('kept');
    expect(after.set.keys[0]?.['laterMember']).toBe('kept');
    expect(after.set.keys.find(({ key }) => key === after.next)?.signsFrom).toBe(signsFrom);
  });

  test('writes the secret after the key is no longer published', async () => {
    let publishedAtWrite: readonly string[] | undefined;
    const signingKeys: SigningKeySetStore = {
      ...stage.signingKeys,
      write: async (set) => {
        publishedAtWrite = await publishedBy(stage);
        return stage.signingKeys.write(set);
      },
    };
    expect((await revoke({ ...stage, signingKeys }, before.current.kid)).code).toBe(0);
    expect(publishedAtWrite).toBeDefined();
    expect(publishedAtWrite).not.toContain(before.current.kid);
  });

  describe('whose secret cannot be written', () => {
    let ran: Ran;
    beforeEach(async () => {
      const signingKeys: SigningKeySetStore = {
        ...stage.signingKeys,
        write: async () => {
          throw new Unavailable('Secrets Manager', new Error('it failed'));
        },
      };
      ran = await revoke({ ...stage, signingKeys }, before.current.kid);
    });

    test('fails with the cause, and says to run it again', async () => {
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/no longer published, but it is still in the secret: .*it failed/);
      expect(ran.stderr).toMatch(/Run the same command again/);
      expect((await setOf(stage)).set).toStrictEqual(before.set);
    });

    test('completes when it is run again', async () => {
      expect((await revoke(stage, before.current.kid)).code).toBe(0);
      const after = await setOf(stage);
      expect(after.current.kid).toBe(before.next.kid);
      expect(await publishedBy(stage)).toStrictEqual(kidsOf(after.set));
    });
  });

  /** The stage, where `race` happens just before the signing keys are read for the `read`th time. */
  function racing(read: number, race: () => Promise<unknown>): StageUnderTest {
    let reads = 0;
    return {
      ...stage,
      signingKeys: {
        ...stage.signingKeys,
        async read() {
          reads += 1;
          if (reads === read) await race();
          return stage.signingKeys.read();
        },
      },
    };
  }

  test('revokes nothing if the keys are changed at the same time', async () => {
    const { kid } = before.current;
    const ran = await revoke(racing(2, stage.signingKeys.rotate), kid);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/changed by someone else\. Nothing was revoked/);
    expect((await setOf(stage)).previous.kid).toBe(kid);
  });

  test('says that a rotation which began at the same time may bring the key back', async () => {
    const begins = () =>
      secretsManager.send(
        new PutSecretValueCommand({ SecretId, SecretString: '{}', VersionStages: ['AWSPENDING'] }),
      );
    const ran = await revoke(racing(3, begins), before.current.kid);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/rotation began while .* may bring it back/);
  });
});

describe('postern key revoke, after one rotation', () => {
  let stage: StageUnderTest;
  let before: KeysByRole;
  beforeEach(async () => {
    ({ stage } = await stageWithKeys());
    before = await setOf(stage);
  });
  const withoutYes = () => ['key', 'revoke', ...at, '--', before.current.kid];

  test('is a usage error without --yes if no one can be asked', async () => {
    const ran = await postern(withoutYes());
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/add --yes/);
  });

  test('revokes nothing if the person does not confirm it', async () => {
    const ran = await postern(withoutYes(), { stage, keyboard: true, stdin: '\n' });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/\(current\) in sandbox\? The tokens that it signed become invalid/);
    expect(ran.stderr).toMatch(/was not revoked/);
    expect((await setOf(stage)).set).toStrictEqual(before.set);
  });

  test('revokes the key if the person confirms it', async () => {
    const ran = await postern(withoutYes(), { stage, keyboard: true, stdin: 'y\n' });
    expect(ran.code).toBe(0);
    expect((await setOf(stage)).current.kid).toBe(before.next.kid);
  });

  test('refuses an unknown kid, and lists those of the stage', async () => {
    const ran = await revoke(stage, 'x', '--json');
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toContain(`There are ${before.next.kid} (next), ${before.current.kid} (current).`);
    expect((await setOf(stage)).set).toStrictEqual(before.set);
  });

  test('of a next key that became current at its date makes the key before it current again', async () => {
    await stage.signingKeys.write(dated(before, now));
    const ran = await revoke(stage, before.next.kid);
    expect(ran.stdout).toMatch(/Its tokens are refused/);
    expect(ran.stdout).toContain(`${before.current.kid} is current`);
  });
});

describe('postern key revoke, before the first rotation', () => {
  test('says that there are no keys', async () => {
    const { stage } = await stageWithKeys(0);
    const refused = await revoke(stage, 'x', '--json');
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toBe('There are no signing keys in sandbox yet.');
  });
});

describe('postern key, with Secrets Manager unavailable', () => {
  test.each([['list'], ['rotate'], ['revoke', 'x', '--yes']])(
    '%s fails with the cause in one line',
    async (...words) => {
      const nowhere = secretsManagerClient('http://127.0.0.1:1', operator);
      const stage = await emptyStage(database, signingKeySetStore(nowhere, 'signing-keys'));
      const ran = await postern(['key', ...words, ...at, '--json'], { stage });
      expect(ran.code).toBe(1);
      expect(errorOf(ran)).toMatch(/^Secrets Manager is unavailable: it cannot be reached/);
    },
  );
});
