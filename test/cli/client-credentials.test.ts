import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { Stage } from '../../cli/stage.ts';
import { matchClientSecret } from '../../src/clients/client-secret.ts';
import { testDatabase } from '../contract/tables.ts';
import { emptyStage, now, secretKey } from './stage-under-test.ts';
import { answered, assertIncludes, errorOf, typed } from './typed.ts';

const database = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'postern-keys-'));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await database.close();
});

const at = ['--stage', 'sandbox'];
const create = ['client', 'create', ...at, '--name', 'Acme', '--scope', 'orders:read', '--client-id', 'acme'];
const imported = '9f86d081884c7d659a2feaa0c55ad015';
const Rotated = v.looseObject({ secretId: v.string(), clientSecret: v.string() });

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const jwk = (kid: string) => JSON.stringify({ ...pair.publicKey.export({ format: 'jwk' }), kid });

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** A stage with the client acme, which has the secret `imported`; `more` is typed when it is created. */
async function stageWithAcme(...more: string[]) {
  const stage = await emptyStage(database);
  const ran = await typed([...create, '--secret-stdin', ...more], { stage, stdin: imported });
  assert.equal(ran.code, 0, ran.stderr);
  return stage;
}

/** The same stage, seconds later. */
const later = (stage: Stage, seconds: number): Stage => ({ ...stage, clock: () => now + seconds });

const acme = async (stage: Stage) => {
  const client = await stage.clients.findNow('acme');
  assert.ok(client);
  return client;
};
const authenticates = async (stage: Stage, secret: string) =>
  matchClientSecret(secretKey, await acme(stage), [secret], stage.clock()) !== undefined;

test('rotate-secret makes a second secret, and the old one ends after the overlap', async () => {
  const stage = await stageWithAcme();
  const ran = await typed(['client', 'rotate-secret', 'acme', ...at, '--json'], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  const { clientSecret, secretId, secrets } = answered(Rotated, ran);
  expect(await authenticates(stage, clientSecret)).toBe(true);
  expect(await authenticates(later(stage, 86_399), imported)).toBe(true);
  expect(await authenticates(later(stage, 86_400), imported)).toBe(false);
  const [old] = (await acme(stage)).secrets;
  expect(secrets).toStrictEqual([
    { id: old?.id, createdAt: '2026-05-04T03:02:01Z', expiresAt: '2026-05-05T03:02:01Z' },
    { id: secretId, createdAt: '2026-05-04T03:02:01Z' },
  ]);
});

test('rotate-secret shows the secret once, and says when and how the old one ends', async () => {
  const stage = await stageWithAcme();
  const [old] = (await acme(stage)).secrets;
  const { stdout, stderr } = await typed(['client', 'rotate-secret', 'acme', ...at, '--overlap', '60'], {
    stage,
  });
  expect(stderr).toBe('');
  const secret = /^client_secret +([0-9a-f]{64})$/m.exec(stdout)?.[1] ?? '';
  expect(stdout.split(secret).length - 1).toBe(1);
  expect(await authenticates(stage, secret)).toBe(true);
  expect(stdout).toMatch(/shown once: store it now/);
  assert.ok(stdout.includes(`The secret ${old?.id} is valid until 2026-05-04T03:03:01Z.`), stdout);
  expect(stdout).toContain(`revoke-secret acme ${old?.id} --stage sandbox --local`);
});

test('rotate-secret with no overlap ends the old secret at once', async () => {
  const stage = await stageWithAcme();
  const ran = await typed(['client', 'rotate-secret', 'acme', ...at, '--overlap', '0'], { stage });
  expect(ran.stdout).toMatch(/No other secret of it is valid/);
  expect(await authenticates(stage, imported)).toBe(false);
  const wrong = await typed(['client', 'rotate-secret', 'acme', ...at, '--overlap', '1d'], { stage });
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toMatch(/--overlap must be a whole number of seconds/);
});

test('a third live secret is refused with those there are, and made when one has ended', async () => {
  const stage = await stageWithAcme();
  const rotate = ['client', 'rotate-secret', 'acme', ...at];
  expect((await typed(rotate, { stage })).code).toBe(0);
  const before = await acme(stage);
  const third = await typed([...rotate, '--json'], { stage });
  expect(third.code).toBe(1);
  const [first, second] = before.secrets;
  const error = errorOf(third);
  expect(error).toContain(`two valid secrets, which is the maximum: ${first?.id} and ${second?.id}.`);
  expect(error).toMatch(/npx postern client revoke-secret acme SECRET_ID --stage sandbox/);
  expect(await acme(stage)).toStrictEqual(before);

  expect((await typed(rotate, { stage: later(stage, 86_400) })).code).toBe(0);
  const ids = (await acme(stage)).secrets.map(({ id }) => id);
  expect(ids.length).toBe(2);
  expect(ids[0]).toBe(second?.id);
});

test('rotate-secret of a client without secrets says what would be right', async () => {
  const stage = await emptyStage(database);
  const ran = await typed([...create, '--public-key', '-'], { stage, stdin: pem });
  assert.equal(ran.code, 0, ran.stderr);
  await typed([...create.slice(0, -1), 'shop', '--kind', 'sales_channel'], { stage });
  const keyed = await typed(['client', 'rotate-secret', 'acme', ...at], { stage });
  expect(keyed.code).toBe(1);
  expect(keyed.stderr).toMatch(/authenticates with its keys and has no secret\. Add its new key/);
  const open = await typed(['client', 'rotate-secret', 'shop', ...at], { stage });
  expect(open.code).toBe(1);
  expect(open.stderr).toMatch(/is public and has no secret/);
});

test('a rotated secret that no one could read is not lost in silence', async () => {
  const stage = await stageWithAcme();
  const ran = await typed(['client', 'rotate-secret', 'acme', ...at], { stage, brokenPipe: true });
  expect(ran.code).toBe(1);
  const made = (await acme(stage)).secrets.at(-1);
  expect(ran.stderr).toContain(`npx postern client revoke-secret acme ${made?.id} --stage sandbox`);
});

test('two rotations at the same time make two secrets at most', async () => {
  const stage = await stageWithAcme();
  const rotate = ['client', 'rotate-secret', 'acme', ...at];
  const ran = await Promise.all([typed(rotate, { stage }), typed(rotate, { stage })]);
  expect(ran.filter(({ code }) => code === 0).length).toBe(1);
  expect((await acme(stage)).secrets.length).toBe(2);
});

test('revoke-secret ends one secret at once, and the last one only with --yes', async () => {
  const stage = await stageWithAcme();
  const { clientSecret, secretId } = answered(
    Rotated,
    await typed(['client', 'rotate-secret', 'acme', ...at, '--json'], { stage }),
  );
  const old = (await acme(stage)).secrets[0]?.id ?? '';
  const wrong = await typed(['client', 'revoke-secret', 'acme', 'zzz', ...at, '--json'], { stage });
  expect(wrong.code).toBe(1);
  expect(errorOf(wrong)).toMatch(new RegExp(`It has ${old} and ${secretId}\\.`));

  const first = await typed(['client', 'revoke-secret', 'acme', old, ...at], { stage });
  assert.equal(first.code, 0, first.stderr);
  expect(first.stdout).toMatch(/is refused in sandbox from now on/);
  expect(first.stdout).toMatch(/npx postern client revoke-tokens acme --stage sandbox/);
  expect(first.stdout).not.toMatch(/cannot authenticate/);
  expect(await authenticates(stage, imported)).toBe(false);

  const last = ['client', 'revoke-secret', 'acme', secretId, ...at];
  const refused = await typed(last, { stage });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/last valid secret of acme.*rotate-secret acme.*\n.*--yes/);
  expect(await authenticates(stage, clientSecret)).toBe(true);
  const done = await typed([...last, '--yes'], { stage });
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(
    /cannot authenticate now\. To allow it again: npx postern client rotate-secret acme/,
  );
  expect((await acme(stage)).secrets).toStrictEqual([]);
  expect((await typed(['client', 'rotate-secret', 'acme', ...at], { stage })).code).toBe(0);
});

test('the last secret of a client with a key needs no --yes', async () => {
  const stage = await stageWithAcme('--public-key', file('acme.pem', pem));
  const { secrets } = await acme(stage);
  const ran = await typed(['client', 'revoke-secret', 'acme', secrets[0]?.id ?? '', ...at], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  expect((await acme(stage)).secrets).toStrictEqual([]);
});

test('revoke-tokens voids what was issued until now, and says who refuses it', async () => {
  const stage = await stageWithAcme();
  const ran = await typed(['client', 'revoke-tokens', 'acme', ...at], { stage });
  assert.equal(ran.code, 0, ran.stderr);
  expect(ran.stdout).toMatch(/until 2026-05-04T03:02:01Z is revoked/);
  expect(ran.stdout).toMatch(
    /Lambda authorizer refuses its access tokens at once, and so does introspection/,
  );
  expect(ran.stdout).toMatch(/JWT authorizer, which does not check, accepts a JWT until it expires/);
  const { tokensValidAfter, version } = await acme(stage);
  expect(tokensValidAfter).toBe(now);
  expect(version).toBe(2);
  const again = await typed(['client', 'revoke-tokens', 'acme', ...at, '--json'], { stage: later(stage, 9) });
  assertIncludes(JSON.parse(again.stdout), { tokensValidAfter: '2026-05-04T03:02:10Z' });
});

test('keys are added from a file and from standard input, and removed by their kid', async () => {
  const stage = await stageWithAcme();
  const add = ['client', 'add-key', 'acme', ...at, '--public-key'];
  const first = await typed([...add, file('one.json', jwk('one'))], { stage });
  assert.equal(first.code, 0, first.stderr);
  expect(first.stdout).toMatch(/^keys +one for ES256$/m);
  const second = await typed([...add, '-', '--json'], { stage, stdin: jwk('-two') });
  const methods = ['client_secret_basic', 'client_secret_post', 'private_key_jwt'];
  assertIncludes(JSON.parse(second.stdout), {
    keys: [
      { kid: 'one', algorithms: ['ES256'] },
      { kid: '-two', algorithms: ['ES256'] },
    ],
    authenticationMethods: methods,
  });
  const twice = await typed([...add, '-'], { stage, stdin: jwk('one') });
  expect(twice.code).toBe(1);
  expect(twice.stderr).toMatch(/already has a key one/);

  const removed = await typed(['client', 'remove-key', ...at, '--', 'acme', '-two'], { stage });
  assert.equal(removed.code, 0, removed.stderr);
  expect(removed.stdout).toMatch(/The key -two of acme is refused in sandbox from now on/);
  expect((await acme(stage)).keys.map(({ kid }) => kid)).toStrictEqual(['one']);
  const absent = await typed(['client', 'remove-key', 'acme', 'two', ...at], { stage });
  expect(absent.code).toBe(1);
  expect(absent.stderr).toMatch(/no key with this kid\. It has one\./);
});

test('the last key of a client without a secret is removed only with --yes', async () => {
  const stage = await emptyStage(database);
  await typed([...create, '--public-key', '-'], { stage, stdin: jwk('one') });
  const remove = ['client', 'remove-key', 'acme', 'one', ...at];
  const refused = await typed(remove, { stage });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(/last key of acme.*add-key acme.*\n.*--yes/);
  const done = await typed([...remove, '--yes'], { stage });
  expect(done.code).toBe(0);
  expect(done.stdout).toMatch(/cannot authenticate now\. To allow it again: npx postern client add-key acme/);
  expect((await acme(stage)).keys).toStrictEqual([]);
});

describe('what is no public key is refused, and nothing of it is repeated', () => {
  const privatePem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const privateJwk = JSON.stringify(pair.privateKey.export({ format: 'jwk' }));
  const wrong: [RegExp, string, string?][] = [
    [/It contains a private key/, '-', privatePem],
    [/It contains a private key/, '-', privateJwk],
    [/not a JWK, a JWK set, or a PEM public key/, file('hello', 'hello')],
    [/cannot be read \(ENOENT\)/, join(folder, 'absent')],
    [/cannot be read \(EISDIR\)/, folder],
    [/cannot be read \(ENOENT\)/, privateJwk.slice(0, 100)],
  ];

  test.each(wrong)('%s', async (message, name, stdin = '') => {
    const stage = await stageWithAcme();

    const ran = await typed(['client', 'add-key', 'acme', ...at, `--public-key=${name}`], { stage, stdin });
    assert.equal(ran.code, 1, ran.stderr);
    expect(ran.stdout).toBe('');
    expect(ran.stderr).toMatch(message);
    assert.ok(!ran.stderr.includes('"kty"') && !ran.stderr.includes(privatePem.slice(40, 60)));

    expect((await acme(stage)).keys).toStrictEqual([]);
  });
});

test('client show has keys, and when each secret was created, ends and was last used', async () => {
  const stage = await stageWithAcme('--public-key', file('acme.json', jwk('one')));
  await typed(['client', 'rotate-secret', 'acme', ...at], { stage });
  const [old, fresh] = (await acme(stage)).secrets;
  assert.ok(old && fresh);
  await stage.secretUses.recordUse('acme', old.id, Date.parse('2026-11-21T19:47:11Z') / 1000);

  const { stdout } = await typed(['client', 'show', 'acme', ...at], { stage });
  const expected = [
    `secrets         ${old.id} of 2026-05-04T03:02:01Z, until 2026-05-05T03:02:01Z, last used 2026-11-21T19:00Z, to the hour`,
    `                ${fresh.id} of 2026-05-04T03:02:01Z, last used never`,
    'keys            one for ES256',
  ];
  assert.ok(stdout.includes(`${expected.join('\n')}\n`), stdout);
  const json = await typed(['client', 'show', 'acme', ...at, '--json'], { stage });
  assertIncludes(JSON.parse(json.stdout), {
    keys: [{ kid: 'one', algorithms: ['ES256'] }],
    secrets: [
      {
        id: old.id,
        createdAt: '2026-05-04T03:02:01Z',
        expiresAt: '2026-05-05T03:02:01Z',
        lastUsedAt: '2026-11-21T19:00Z',
      },
      { id: fresh.id, createdAt: '2026-05-04T03:02:01Z', lastUsedAt: null },
    ],
  });
  expect([stdout, json.stdout].some((text) => text.includes(old.hash) || text.includes(fresh.hash))).toBe(
    false,
  );
});

test.each([
  ['rotate-secret'],
  ['revoke-secret', 'x', '--yes'],
  ['revoke-tokens'],
  ['add-key', '--public-key', '-'],
  ['remove-key', 'x', '--yes'],
])('a client that is not there is refused by every change alike: %s', async (verb = '', ...rest) => {
  const stage = await stageWithAcme();

  const ran = await typed(['client', verb, 'acne', ...rest, ...at, '--json'], { stage, stdin: pem });
  expect(ran.code).toBe(1);
  expect(errorOf(ran)).toBe('There is no client acne in sandbox.');
});
