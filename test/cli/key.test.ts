import assert from 'node:assert/strict';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { Stage } from '../../cli/stage.ts';
import { secretsManagerClient } from '../../local/clients.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import type { SigningKeySet } from '../../src/keys/signing-key-set.ts';
import { ok } from '../../src/result.ts';
import { signingKeySetStore, signingKeySetVersions } from '../../src/storage/signing-key-set-store.ts';
import type { SigningKeySetStore } from '../../src/storage/signing-key-set-store.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { testDatabase } from '../contract/tables.ts';
import { keysByRole, kidsOf } from '../keys/roles.ts';
import type { KeysByRole } from '../keys/roles.ts';
import { emptyStage, now } from './stage-under-test.ts';
import { assertIncludes, errorOf, typed } from './typed.ts';

const Invocation = v.object({
  SecretId: v.string(),
  ClientRequestToken: v.string(),
  Step: v.picklist(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
});

/** The stage that each rotation function belongs to. */
const rotated = new Map<string, Stage>();
/** The algorithm of a stage that changed it. */
const algorithms = new Map<string, SigningAlgorithmName>();
/** The step in which a rotation function dies. */
const dying = new Map<string, string>();

const database = await testDatabase();
const operator = newAccessKey();
const service = await startSecretsManager({
  file: undefined,
  control: localAccessControl(operator),
  async invokeRotation(functionArn, event) {
    const { SecretId, ClientRequestToken: versionId, Step } = v.parse(Invocation, event);
    const stage = rotated.get(functionArn);
    assert.ok(stage);
    if (dying.get(functionArn) === Step) throw new Error('it died');
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
afterAll(async () => {
  secretsManager.destroy();
  await service.close();
  await database.close();
});

let count = 0;

const day = 86_400;

/** A stage whose signing keys were rotated once a day, `rotations` times, the last time yesterday. */
async function stageWithKeys(rotations = 1) {
  count += 1;
  const SecretId = `signing-keys-${count}`;
  const time = { now: now - rotations * day };
  await secretsManager.send(new CreateSecretCommand({ Name: SecretId, SecretString: '{}' }));
  const empty = await emptyStage(database, signingKeySetStore(secretsManager, SecretId));
  const record = { ...empty.record, signingAlgorithm: 'ES256' } as const;
  const stage: Stage = { ...empty, record, clock: () => time.now };
  rotated.set(SecretId, stage);
  await secretsManager.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN: SecretId, RotateImmediately: false }),
  );
  for (; time.now < now; time.now += day) await secretsManager.send(new RotateSecretCommand({ SecretId }));
  return { stage, SecretId, time };
}

async function setOf({ signingKeys, clock }: Stage): Promise<KeysByRole> {
  const { set } = await signingKeys.read();
  assert.ok(set);
  return keysByRole(set, clock());
}

const publishedBy = async ({ publishedKeys }: Stage) =>
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
const revoke = (stage: Stage, kid: string, ...more: string[]) =>
  typed(['key', 'revoke', ...at, '--yes', ...more, '--', kid], { stage });

test('key list says of each key what it does, and whether it is published', async () => {
  const { stage } = await stageWithKeys(2);
  const { next, current, previous } = await setOf(stage);
  const ran = await typed(['key', 'list', ...at, '--json'], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  expect(JSON.parse(ran.stdout)).toStrictEqual({
    keys: [
      { kid: next.kid, alg: 'ES256', role: 'next', published: true },
      { kid: current.kid, alg: 'ES256', role: 'current', published: true },
      { kid: previous?.kid, alg: 'ES256', role: 'previous', published: true },
    ],
    rotating: false,
  });
  const { stdout } = await typed(['key', 'list', ...at], { stage });
  expect(stdout).toMatch(/^KID +ALG +ROLE +PUBLISHED$/m);
  assert.ok(stdout.includes(`${current.kid}  ES256  current   yes\n`), stdout);
  expect(stdout.split('\n').length).toBe(5);
  for (const { d } of [next, current]) assert.ok(!stdout.includes(d) && !ran.stdout.includes(d));
});

test('key list shows what is not published, and what is published and signs nothing', async () => {
  const { stage } = await stageWithKeys(2);
  const { next, previous } = await setOf(stage);
  const published = (await stage.publishedKeys.find())?.keys ?? [];
  const stray = published.flatMap((key) => (key.kid === next.kid ? [{ ...key, kid: 'stray' }] : [key]));
  await stage.publishedKeys.put({ keys: stray });
  const { stdout } = await typed(['key', 'list', ...at], { stage });
  assert.ok(stdout.includes(`${next.kid}  ES256  next      no\n`), stdout);
  expect(stdout).toContain(`${previous?.kid}  ES256  previous  yes\n`);
  expect(stdout).toMatch(/^stray +ES256  - +yes$/m);
  expect(stdout).toMatch(
    /signed with an unpublished key are refused.*npx postern key rotate --stage sandbox/,
  );
  expect(stdout).toMatch(/without a role is published and does not sign/);
});

test('key list before the first rotation says how to make keys', async () => {
  const { stage } = await stageWithKeys(0);
  const { stdout } = await typed(['key', 'list', ...at], { stage });
  expect(stdout).toMatch(/no signing keys in sandbox yet.*npx postern key rotate --stage sandbox/);
  const refused = await revoke(stage, 'x', '--json');
  expect(refused.code).toBe(1);
  expect(errorOf(refused)).toBe('There are no signing keys in sandbox yet.');
});

test('a rotation that changes the algorithm says from when the new key signs', async () => {
  const { stage, SecretId } = await stageWithKeys();
  const before = await setOf(stage);
  algorithms.set(SecretId, 'EdDSA');
  const ran = await typed(['key', 'rotate', ...at], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  const { next, set } = await setOf(stage);
  expect(set.keys.find(({ key }) => key === next)?.signsFrom).toBe(now + 7_800);
  assert.ok(ran.stdout.includes(`${next.kid} (EdDSA) signs from 2026-05-04T05:12:01Z, when`), ran.stdout);
  expect(ran.stdout).toContain(`Until then ${before.current.kid} signs.`);
  expect((await typed(['key', 'list', ...at], { stage })).stdout).toMatch(/ EdDSA +next +yes$/m);

  const revoked = await revoke(stage, before.current.kid);
  expect(revoked.stdout).toMatch(/published less than two hours ago.*refused until the set is read again/);
  expect((await setOf(stage)).set.keys.map(({ retiredAt }) => retiredAt)).toStrictEqual([
    undefined,
    undefined,
  ]);
});

test('key list says when the next key becomes current, where that has a date', async () => {
  const { stage } = await stageWithKeys();
  await stage.signingKeys.write(dated(await setOf(stage), now + 60));
  const { stdout } = await typed(['key', 'list', ...at], { stage });
  expect(stdout).toMatch(/next key becomes current at 2026-05-04T03:03:01Z: it signs from then on/);
  const json = await typed(['key', 'list', ...at, '--json'], { stage });
  assertIncludes(JSON.parse(json.stdout), { nextSignsFrom: '2026-05-04T03:03:01Z' });
  const after60 = await typed(['key', 'list', ...at], { stage: { ...stage, clock: () => now + 60 } });
  expect(after60.stdout).toMatch(/ES256 +previous +yes\n.*/);
  expect(after60.stdout).not.toMatch(/becomes current/);
});

test('key rotate rotates, and says which key signs now', async () => {
  const { stage, time } = await stageWithKeys();
  const before = await setOf(stage);
  const ran = await typed(['key', 'rotate', ...at], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  const set = await setOf(stage);
  expect(set.current.kid).toBe(before.next.kid);
  expect(set.previous?.kid).toBe(before.current.kid);
  expect(ran.stdout).toContain(`${set.current.kid} is current: the token function signs with it within`);
  expect(ran.stdout).toContain(`Tokens that ${before.current.kid} signed are accepted until they expire`);
  time.now += day;
  const json = await typed(['key', 'rotate', ...at, '--json'], { stage });
  const again = await setOf(stage);
  expect(JSON.parse(json.stdout)).toStrictEqual({
    rotated: true,
    keys: [
      { kid: again.next.kid, alg: 'ES256', role: 'next', published: true },
      { kid: again.current.kid, alg: 'ES256', role: 'current', published: true },
      { kid: again.previous?.kid, alg: 'ES256', role: 'previous', published: true },
    ],
  });
});

/** Signing keys as AWS rotates them: the answer comes first, the rotation after `seconds`. */
function slowly(stage: Stage, seconds: number): Stage {
  let left = Infinity;
  const signingKeys: SigningKeySetStore = {
    ...stage.signingKeys,
    rotate: async () => {
      left = seconds;
      return ok(undefined);
    },
  };
  const wait = async (passed: number) => {
    left -= passed;
    if (left <= 0) await stage.signingKeys.rotate();
    if (left <= 0) left = Infinity;
  };
  return { ...stage, signingKeys, wait };
}

test('key rotate waits for a rotation that runs behind the answer, a minute at most', async () => {
  const { stage } = await stageWithKeys();
  const before = await setOf(stage);
  const ran = await typed(['key', 'rotate', ...at], { stage: slowly(stage, 58) });
  assert.equal(ran.code, 0, ran.stderr);
  expect((await setOf(stage)).current.kid).toBe(before.next.kid);
  expect(ran.stdout).toContain(`${before.next.kid} is current`);

  const late = await typed(['key', 'rotate', ...at], { stage: slowly(stage, 90) });
  expect(late.code).toBe(1);
  expect(late.stderr).toMatch(
    /has begun and is not complete after 60 seconds.*npx postern key list --stage sandbox/,
  );
});

test('a rotation that fails says why, forbids a revocation, and is gone on with', async () => {
  const { stage, SecretId } = await stageWithKeys(2);
  const before = await setOf(stage);
  dying.set(SecretId, 'testSecret');
  const failed = await typed(['key', 'rotate', ...at, '--json'], { stage });
  expect(failed.code).toBe(1);
  expect(errorOf(failed)).toMatch(/does not rotate the signing keys: Rotation of .* failed in testSecret/);
  expect((await typed(['key', 'list', ...at], { stage })).stdout).toMatch(
    /rotation has begun and is not complete/,
  );

  const refused = await revoke(stage, before.current.kid);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /has begun and is not complete.*Wait.*npx postern key rotate --stage sandbox/,
  );
  expect((await setOf(stage)).set).toStrictEqual(before.set);
  expect(await publishedBy(stage)).toStrictEqual(kidsOf(before.set));

  dying.delete(SecretId);
  expect((await typed(['key', 'rotate', ...at], { stage })).code).toBe(0);
  expect((await setOf(stage)).current.kid).toBe(before.next.kid);
  expect((await revoke(stage, before.current.kid)).code).toBe(0);
});

test('revoking the previous key drops it', async () => {
  const { stage } = await stageWithKeys(2);
  const before = await setOf(stage);
  const { previous } = before;
  const ran = await revoke(stage, previous.kid);
  assert.equal(ran.code, 0, ran.stderr);
  const { set } = await setOf(stage);
  expect(set).toStrictEqual({ keys: before.set.keys.filter(({ key }) => key !== previous) });
  expect(await publishedBy(stage)).toStrictEqual(kidsOf(set));
  expect(ran.stdout).toMatch(/\(previous\) is revoked in sandbox/);
  expect(ran.stdout).toMatch(
    /refused at once by introspection, at once by the Lambda authorizer, and within two hours/,
  );
});

test('revoking the next key puts a new one in its place', async () => {
  const { stage } = await stageWithKeys(2);
  const before = await setOf(stage);
  const ran = await revoke(stage, before.next.kid);
  assert.equal(ran.code, 0, ran.stderr);
  const set = await setOf(stage);
  expect(set.next.kid).not.toBe(before.next.kid);
  expect([set.current, set.previous]).toStrictEqual([before.current, before.previous]);
  expect(set.set.keys.find(({ key }) => key === set.next)?.publishedAt).toBe(now);
  expect(set.next.alg).toBe(stage.record.signingAlgorithm);
  expect(await publishedBy(stage)).toStrictEqual(kidsOf(set.set));
  expect(ran.stdout).toMatch(/has signed nothing yet/);
});

test('revoking the current key makes the next one current', async () => {
  const { stage } = await stageWithKeys(2);
  const before = await setOf(stage);
  const ran = await revoke(stage, before.current.kid, '--json');
  assert.equal(ran.code, 0, ran.stderr);
  const set = await setOf(stage);
  expect(set.current).toStrictEqual(before.next);
  expect(set.previous).toStrictEqual(before.previous);
  expect(kidsOf(before.set)).not.toContain(set.next.kid);
  expect(set.set.keys.find(({ key }) => key === set.next)?.publishedAt).toBe(now);
  expect(await publishedBy(stage)).toStrictEqual(kidsOf(set.set));
  assertIncludes(JSON.parse(ran.stdout), { kid: before.current.kid, role: 'current', revoked: true });
  const told = await revoke(stage, set.current.kid);
  expect(told.stdout).toContain(
    `${set.next.kid} is current: the token function signs with it within a minute`,
  );
  for (const { d } of [set.next, set.current]) assert.ok(!ran.stdout.includes(d) && !told.stdout.includes(d));
});

test('a revoked key stays away when the keys are rotated next', async () => {
  const { stage, SecretId, time } = await stageWithKeys(2);
  const before = await setOf(stage);
  expect((await revoke(stage, before.current.kid)).stdout).not.toMatch(/less than two hours ago/);
  const revoked = await setOf(stage);
  expect((await stage.signingKeys.read()).isRotating).toBe(false);
  time.now += day;
  expect((await typed(['key', 'rotate', ...at], { stage })).code).toBe(0);
  const set = await setOf(stage);
  expect(set.current.kid).toBe(revoked.next.kid);
  expect(kidsOf(set.set)).not.toContain(before.current.kid);
  assert.ok(!(await publishedBy(stage))?.includes(before.current.kid));
  const { VersionIdsToStages } = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
  const pending = Object.values(VersionIdsToStages ?? {}).filter((labels) => labels.includes('AWSPENDING'));
  expect(pending.every((labels) => labels.includes('AWSCURRENT'))).toBe(true);
});

test.each([
  ['previous', now + 60],
  ['next', undefined],
  ['current', undefined],
] as const)(
  'members of later versions are kept when the %s key is revoked, and the date of the next key is %s',
  async (role, signsFrom) => {
    const { stage } = await stageWithKeys(2);
    const before = await setOf(stage);
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
  },
);

test('a next key that became current at its date is revoked, and the key before it signs again', async () => {
  const { stage } = await stageWithKeys();
  const before = await setOf(stage);
  await stage.signingKeys.write(dated(before, now));
  const ran = await revoke(stage, before.next.kid);
  expect(ran.stdout).toMatch(/Its tokens are refused/);
  expect(ran.stdout).toContain(`${before.current.kid} is current`);
});

test('key revoke wants a yes, from an option or a person', async () => {
  const { stage } = await stageWithKeys();
  const before = await setOf(stage);
  const kid = before.current.kid;
  const unattended = await typed(['key', 'revoke', ...at, '--', kid]);
  expect(unattended.code).toBe(2);
  expect(unattended.stderr).toMatch(/add --yes/);
  const declined = await typed(['key', 'revoke', ...at, '--', kid], { stage, keyboard: true, stdin: '\n' });
  expect(declined.code).toBe(1);
  expect(declined.stderr).toMatch(/\(current\) in sandbox\? The tokens that it signed become invalid/);
  expect(declined.stderr).toMatch(/was not revoked/);
  expect((await setOf(stage)).set).toStrictEqual(before.set);
  const agreed = await typed(['key', 'revoke', ...at, '--', kid], { stage, keyboard: true, stdin: 'y\n' });
  expect(agreed.code).toBe(0);
  expect((await setOf(stage)).current.kid).toBe(before.next.kid);
});

test('a kid that is not there is refused with those that are', async () => {
  const { stage } = await stageWithKeys();
  const before = await setOf(stage);
  const ran = await revoke(stage, 'x', '--json');
  expect(ran.code).toBe(1);
  expect(errorOf(ran)).toContain(`There are ${before.next.kid} (next), ${before.current.kid} (current).`);
  expect((await setOf(stage)).set).toStrictEqual(before.set);
});

test('the key is published no more before the secret is written, and a death in between is mended', async () => {
  const { stage } = await stageWithKeys(2);
  const before = await setOf(stage);
  const kid = before.current.kid;
  const died: SigningKeySetStore = {
    ...stage.signingKeys,
    write: async () => {
      assert.ok(!(await publishedBy(stage))?.includes(kid), 'it is published until the secret is written');
      throw new Unavailable('Secrets Manager', new Error('it died'));
    },
  };
  const ran = await revoke({ ...stage, signingKeys: died }, kid);
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/no longer published, but it is still in the secret: .*it died/);
  expect(ran.stderr).toMatch(/Run the same command again/);
  expect((await setOf(stage)).set).toStrictEqual(before.set);

  expect((await revoke(stage, kid)).code).toBe(0);
  const set = await setOf(stage);
  expect(set.current.kid).toBe(before.next.kid);
  expect(await publishedBy(stage)).toStrictEqual(kidsOf(set.set));
});

test('keys that others change meanwhile are left alone, or it says so', async () => {
  const { stage, SecretId } = await stageWithKeys(2);
  const { current } = await setOf(stage);
  let reads = 0;
  const racing = (read: number, race: () => Promise<unknown>): Stage => ({
    ...stage,
    signingKeys: {
      ...stage.signingKeys,
      async read() {
        reads += 1;
        if (reads === read) await race();
        return stage.signingKeys.read();
      },
    },
  });
  const changed = await revoke(racing(2, stage.signingKeys.rotate), current.kid);
  expect(changed.code).toBe(1);
  expect(changed.stderr).toMatch(/changed by someone else\. Nothing was revoked/);
  expect((await setOf(stage)).previous?.kid).toBe(current.kid);

  reads = 0;
  const begins = () =>
    secretsManager.send(
      new PutSecretValueCommand({ SecretId, SecretString: '{}', VersionStages: ['AWSPENDING'] }),
    );
  const late = await revoke(racing(3, begins), current.kid);
  expect(late.code).toBe(1);
  expect(late.stderr).toMatch(/rotation began while .* may bring it back/);
});

test.each(['private words', '{"current":{"d":"private words"}}'])(
  'a secret that is no key set is refused without a word of it: %s',
  async (SecretString) => {
    const { stage, SecretId } = await stageWithKeys(0);

    await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
    const ran = await typed(['key', 'list', ...at], { stage });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/no key set that this version can read/);
    expect(ran.stderr).not.toContain('private words');
  },
);

test('Secrets Manager that cannot be asked is one line with the cause', async () => {
  const nowhere = secretsManagerClient('http://127.0.0.1:1', operator);
  const stage = await emptyStage(database, signingKeySetStore(nowhere, 'signing-keys'));
  for (const words of [['list'], ['rotate'], ['revoke', 'x', '--yes']]) {
    const ran = await typed(['key', ...words, ...at, '--json'], { stage });
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toMatch(/^Secrets Manager is unavailable: it cannot be reached/);
  }
});
