import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { signingKeySecret } from '../../cli/signing-key-secret.ts';
import type { SigningKeySecret } from '../../cli/signing-key-secret.ts';
import type { Stage } from '../../cli/stage.ts';
import { secretsManagerClient } from '../../local/clients.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import type { SigningAlgorithmName } from '../../src/keys/algorithms.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import type { SigningKeySet } from '../../src/keys/signing-key-set.ts';
import { secretVersions } from '../../src/storage/secret-versions.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { testDatabase } from '../contract/tables.ts';
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
const service = await startSecretsManager({
  file: undefined,
  decide: localAccessControl().decide,
  async invokeRotation(functionArn, event) {
    const { SecretId, ClientRequestToken: versionId, Step } = v.parse(Invocation, event);
    const stage = rotated.get(functionArn);
    assert.ok(stage);
    if (dying.get(functionArn) === Step) throw new Error('it died');
    const versions = secretVersions(secretsManager, SecretId);
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
const secretsManager = secretsManagerClient(service.endpoint);
after(async () => {
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
  const empty = await emptyStage(database, signingKeySecret(secretsManager, SecretId));
  const record = { ...empty.record, signingAlgorithm: 'ES256' } as const;
  const stage: Stage = { ...empty, record, clock: () => time.now };
  rotated.set(SecretId, stage);
  await secretsManager.send(
    new RotateSecretCommand({ SecretId, RotationLambdaARN: SecretId, RotateImmediately: false }),
  );
  for (; time.now < now; time.now += day) await secretsManager.send(new RotateSecretCommand({ SecretId }));
  return { stage, SecretId, time };
}

async function setOf({ signingKeys }: Stage): Promise<SigningKeySet> {
  const { set } = await signingKeys.read();
  assert.ok(set);
  return set;
}

const publishedBy = async ({ publishedKeys }: Stage) =>
  (await publishedKeys.find())?.keys.map(({ kid }) => kid).toSorted();

const kidsOf = ({ next, current, previous }: SigningKeySet) =>
  [next, current, previous].flatMap((key) => (key ? [key.kid] : [])).toSorted();

const at = ['--stage', 'sandbox'];
const revoke = (stage: Stage, kid: string, ...more: string[]) =>
  typed(['key', 'revoke', ...at, '--yes', ...more, '--', kid], { stage });

test('key list says of each key what it does, and whether it is published', async () => {
  const { stage } = await stageWithKeys(2);
  const { next, current, previous } = await setOf(stage);
  const ran = await typed(['key', 'list', ...at, '--json'], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(JSON.parse(ran.stdout), {
    keys: [
      { kid: next.kid, alg: 'ES256', role: 'next', published: true },
      { kid: current.kid, alg: 'ES256', role: 'current', published: true },
      { kid: previous?.kid, alg: 'ES256', role: 'previous', published: true },
    ],
    rotating: false,
  });
  const { stdout } = await typed(['key', 'list', ...at], { stage });
  assert.match(stdout, /^KID +ALG +ROLE +PUBLISHED$/m);
  assert.ok(stdout.includes(`${current.kid}  ES256  current   yes\n`), stdout);
  assert.equal(stdout.split('\n').length, 5);
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
  assert.ok(stdout.includes(`${previous?.kid}  ES256  previous  yes\n`));
  assert.match(stdout, /^stray +ES256  - +yes$/m);
  assert.match(stdout, /not published is refused.*npx postern key rotate --stage sandbox/);
  assert.match(stdout, /without a role is published and signs nothing/);
});

test('key list before the first rotation says how to make keys', async () => {
  const { stage } = await stageWithKeys(0);
  const { stdout } = await typed(['key', 'list', ...at], { stage });
  assert.match(stdout, /no signing keys in sandbox yet.*npx postern key rotate --stage sandbox/);
  const refused = await revoke(stage, 'x', '--json');
  assert.equal(refused.code, 1);
  assert.equal(errorOf(refused), 'There are no signing keys in sandbox yet.');
});

test('a rotation that changes the algorithm says from when the new key signs', async () => {
  const { stage, SecretId } = await stageWithKeys();
  const before = await setOf(stage);
  algorithms.set(SecretId, 'EdDSA');
  const ran = await typed(['key', 'rotate', ...at], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  const { next, promoteNextAt } = await setOf(stage);
  assert.equal(promoteNextAt, now + 7_800);
  assert.ok(ran.stdout.includes(`${next.kid} (EdDSA) signs from 2026-05-04T05:12:01Z, when`), ran.stdout);
  assert.ok(ran.stdout.includes(`Until then ${before.current.kid} signs on.`));
  assert.match((await typed(['key', 'list', ...at], { stage })).stdout, / EdDSA +next +yes$/m);

  const revoked = await revoke(stage, before.current.kid);
  assert.match(revoked.stdout, /published less than two hours ago.*refused until the set is read again/);
  assert.equal((await setOf(stage)).promoteNextAt, undefined);
});

test('key list says when the next key becomes current, where that has a date', async () => {
  const { stage } = await stageWithKeys();
  const set = await setOf(stage);
  await stage.signingKeys.write(Object.assign({}, set, { promoteNextAt: now + 60 }));
  const { stdout } = await typed(['key', 'list', ...at], { stage });
  assert.match(stdout, /next key becomes current at 2026-05-04T03:03:01Z: from then on it signs/);
  const json = await typed(['key', 'list', ...at, '--json'], { stage });
  assertIncludes(JSON.parse(json.stdout), { nextSignsFrom: '2026-05-04T03:03:01Z' });
  const after60 = await typed(['key', 'list', ...at], { stage: { ...stage, clock: () => now + 60 } });
  assert.match(after60.stdout, /next key became current at 2026-05-04T03:03:01Z: it signs/);
});

test('key rotate rotates, and says which key signs now', async () => {
  const { stage, time } = await stageWithKeys();
  const before = await setOf(stage);
  const ran = await typed(['key', 'rotate', ...at], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  const set = await setOf(stage);
  assert.equal(set.current.kid, before.next.kid);
  assert.equal(set.previous?.kid, before.current.kid);
  assert.ok(ran.stdout.includes(`${set.current.kid} is current: the token function signs with it within`));
  assert.ok(ran.stdout.includes(`What ${before.current.kid} signed is accepted until it expires`));
  time.now += day;
  const json = await typed(['key', 'rotate', ...at, '--json'], { stage });
  const again = await setOf(stage);
  assert.deepEqual(JSON.parse(json.stdout), {
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
  const signingKeys: SigningKeySecret = {
    ...stage.signingKeys,
    rotate: async () => {
      left = seconds;
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
  assert.equal((await setOf(stage)).current.kid, before.next.kid);
  assert.ok(ran.stdout.includes(`${before.next.kid} is current`));

  const late = await typed(['key', 'rotate', ...at], { stage: slowly(stage, 90) });
  assert.equal(late.code, 1);
  assert.match(
    late.stderr,
    /has begun, and is not done after 60 seconds.*npx postern key list --stage sandbox/,
  );
});

test('a rotation that fails says why, forbids a revocation, and is gone on with', async () => {
  const { stage, SecretId } = await stageWithKeys(2);
  const before = await setOf(stage);
  dying.set(SecretId, 'testSecret');
  const failed = await typed(['key', 'rotate', ...at, '--json'], { stage });
  assert.equal(failed.code, 1);
  assert.match(errorOf(failed), /does not rotate the signing keys: Rotation of .* failed in testSecret/);
  assert.match((await typed(['key', 'list', ...at], { stage })).stdout, /rotation has begun and is not done/);

  const refused = await revoke(stage, before.current.kid);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /has begun and is not done.*Wait.*npx postern key rotate --stage sandbox/);
  assert.deepEqual(await setOf(stage), before);
  assert.deepEqual(await publishedBy(stage), kidsOf(before));

  dying.delete(SecretId);
  assert.equal((await typed(['key', 'rotate', ...at], { stage })).code, 0);
  assert.equal((await setOf(stage)).current.kid, before.next.kid);
  assert.equal((await revoke(stage, before.current.kid)).code, 0);
});

test('revoking the previous key drops it', async () => {
  const { stage } = await stageWithKeys(2);
  const { previous, ...rest } = await setOf(stage);
  const ran = await revoke(stage, previous?.kid ?? '');
  assert.equal(ran.code, 0, ran.stderr);
  assert.deepEqual(await setOf(stage), rest);
  assert.deepEqual(await publishedBy(stage), kidsOf(rest));
  assert.match(ran.stdout, /\(previous\) is revoked in sandbox/);
  assert.match(
    ran.stdout,
    /refused at once by introspection, at once by the Lambda authorizer, and within two hours/,
  );
});

test('revoking the next key puts a new one in its place', async () => {
  const { stage } = await stageWithKeys(2);
  const before = await setOf(stage);
  const ran = await revoke(stage, before.next.kid);
  assert.equal(ran.code, 0, ran.stderr);
  const set = await setOf(stage);
  assert.notEqual(set.next.kid, before.next.kid);
  const { nextCreatedAt } = before;
  assert.deepEqual({ ...set, next: before.next, nextCreatedAt }, before);
  assert.equal(set.nextCreatedAt, now);
  assert.equal(set.next.alg, stage.record.signingAlgorithm);
  assert.deepEqual(await publishedBy(stage), kidsOf(set));
  assert.match(ran.stdout, /has signed nothing yet/);
});

test('revoking the current key makes the next one current', async () => {
  const { stage } = await stageWithKeys(2);
  const before = await setOf(stage);
  const ran = await revoke(stage, before.current.kid, '--json');
  assert.equal(ran.code, 0, ran.stderr);
  const set = await setOf(stage);
  assert.deepEqual(set.current, before.next);
  assert.deepEqual(set.previous, before.previous);
  assert.ok(!kidsOf(before).includes(set.next.kid));
  assert.equal(set.nextCreatedAt, now);
  assert.deepEqual(await publishedBy(stage), kidsOf(set));
  assertIncludes(JSON.parse(ran.stdout), { kid: before.current.kid, role: 'current', revoked: true });
  const told = await revoke(stage, set.current.kid);
  assert.ok(
    told.stdout.includes(`${set.next.kid} is current: the token function signs with it within a minute`),
  );
  for (const { d } of [set.next, set.current]) assert.ok(!ran.stdout.includes(d) && !told.stdout.includes(d));
});

test('a revoked key stays away when the keys are rotated next', async () => {
  const { stage, SecretId, time } = await stageWithKeys(2);
  const before = await setOf(stage);
  assert.doesNotMatch((await revoke(stage, before.current.kid)).stdout, /less than two hours ago/);
  const revoked = await setOf(stage);
  assert.equal((await stage.signingKeys.read()).rotating, false);
  time.now += day;
  assert.equal((await typed(['key', 'rotate', ...at], { stage })).code, 0);
  const set = await setOf(stage);
  assert.equal(set.current.kid, revoked.next.kid);
  assert.ok(!kidsOf(set).includes(before.current.kid));
  assert.ok(!(await publishedBy(stage))?.includes(before.current.kid));
  const { VersionIdsToStages } = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
  const pending = Object.values(VersionIdsToStages ?? {}).filter((labels) => labels.includes('AWSPENDING'));
  assert.ok(pending.every((labels) => labels.includes('AWSCURRENT')));
});

test('what else the set holds is kept, and the date of a next key goes with it', async () => {
  for (const [role, kept] of [
    ['previous', now + 60],
    ['next', undefined],
    ['current', undefined],
  ] as const) {
    const { stage, SecretId } = await stageWithKeys(2);
    const before = await setOf(stage);
    await stage.signingKeys.write(Object.assign({}, before, { promoteNextAt: now + 60, later: 'kept' }));
    const ran = await revoke(stage, before[role]?.kid ?? '');
    assert.equal(ran.code, 0, ran.stderr);
    assert.equal(/was to take over from the current key/.test(ran.stdout), role === 'next');
    const { SecretString = '' } = await secretsManager.send(new GetSecretValueCommand({ SecretId }));
    const stored = v.parse(
      v.looseObject({ promoteNextAt: v.exactOptional(v.number()) }),
      JSON.parse(SecretString),
    );
    assert.equal(stored['later'], 'kept', role);
    assert.equal(stored.promoteNextAt, kept, role);
  }
});

test('a next key whose day has come signs: its tokens are refused, and current signs again', async () => {
  const { stage } = await stageWithKeys();
  const before = await setOf(stage);
  await stage.signingKeys.write(Object.assign({}, before, { promoteNextAt: now }));
  const ran = await revoke(stage, before.next.kid);
  assert.match(ran.stdout, /Its tokens are refused/);
  assert.ok(ran.stdout.includes(`${before.current.kid} signs again`));
});

test('key revoke wants a yes, from an option or a person', async () => {
  const { stage } = await stageWithKeys();
  const before = await setOf(stage);
  const kid = before.current.kid;
  const unattended = await typed(['key', 'revoke', ...at, '--', kid]);
  assert.equal(unattended.code, 2);
  assert.match(unattended.stderr, /add --yes/);
  const declined = await typed(['key', 'revoke', ...at, '--', kid], { stage, keyboard: true, stdin: '\n' });
  assert.equal(declined.code, 1);
  assert.match(declined.stderr, /\(current\) in sandbox\? The tokens that it signed become invalid/);
  assert.match(declined.stderr, /was not revoked/);
  assert.deepEqual(await setOf(stage), before);
  const agreed = await typed(['key', 'revoke', ...at, '--', kid], { stage, keyboard: true, stdin: 'y\n' });
  assert.equal(agreed.code, 0);
  assert.equal((await setOf(stage)).current.kid, before.next.kid);
});

test('a kid that is not there is refused with those that are', async () => {
  const { stage } = await stageWithKeys();
  const before = await setOf(stage);
  const ran = await revoke(stage, 'x', '--json');
  assert.equal(ran.code, 1);
  assert.ok(errorOf(ran).includes(`There is ${before.next.kid} (next), ${before.current.kid} (current).`));
  assert.deepEqual(await setOf(stage), before);
});

test('the key is published no more before the secret is written, and a death in between is mended', async () => {
  const { stage } = await stageWithKeys(2);
  const before = await setOf(stage);
  const kid = before.current.kid;
  const died: SigningKeySecret = {
    ...stage.signingKeys,
    write: async () => {
      assert.ok(!(await publishedBy(stage))?.includes(kid), 'it is published until the secret is written');
      throw new Unavailable('Secrets Manager', new Error('it died'));
    },
  };
  const ran = await revoke({ ...stage, signingKeys: died }, kid);
  assert.equal(ran.code, 1);
  assert.match(ran.stderr, /published no more, but it is still in the secret: .*it died/);
  assert.match(ran.stderr, /Run the same command again/);
  assert.deepEqual(await setOf(stage), before);

  assert.equal((await revoke(stage, kid)).code, 0);
  const set = await setOf(stage);
  assert.equal(set.current.kid, before.next.kid);
  assert.deepEqual(await publishedBy(stage), kidsOf(set));
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
  assert.equal(changed.code, 1);
  assert.match(changed.stderr, /changed by someone else\. Nothing was done/);
  assert.equal((await setOf(stage)).previous?.kid, current.kid);

  reads = 0;
  const begins = () =>
    secretsManager.send(
      new PutSecretValueCommand({ SecretId, SecretString: '{}', VersionStages: ['AWSPENDING'] }),
    );
  const late = await revoke(racing(3, begins), current.kid);
  assert.equal(late.code, 1);
  assert.match(late.stderr, /rotation began while .* may bring it back/);
});

test('a secret that is no key set is refused without a word of it', async () => {
  const { stage, SecretId } = await stageWithKeys(0);
  for (const SecretString of ['private words', '{"current":{"d":"private words"}}']) {
    await secretsManager.send(new PutSecretValueCommand({ SecretId, SecretString }));
    const ran = await typed(['key', 'list', ...at], { stage });
    assert.equal(ran.code, 1);
    assert.match(ran.stderr, /no key set that this version can read/);
    assert.ok(!ran.stderr.includes('private words'));
  }
});

test('Secrets Manager that cannot be asked is one line with the cause', async () => {
  const nowhere = secretsManagerClient('http://127.0.0.1:1');
  const stage = await emptyStage(database, signingKeySecret(nowhere, 'signing-keys'));
  for (const words of [['list'], ['rotate'], ['revoke', 'x', '--yes']]) {
    const ran = await typed(['key', ...words, ...at, '--json'], { stage });
    assert.equal(ran.code, 1);
    assert.match(errorOf(ran), /^Secrets Manager is unavailable: it cannot be reached/);
  }
});
