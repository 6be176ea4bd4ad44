import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { matchClientSecret } from '../../src/clients/client-secret.ts';
import type { Client } from '../../src/clients/client.ts';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { assertIncludes, errorOf, jsonOf, postern } from './postern.ts';
import type { Ran } from './postern.ts';
import type { StageUnderTest } from './stage-under-test.ts';
import { emptyStage, now, secretHashKey } from './stage-under-test.ts';

const database = await testDatabase();
const folder = mkdtempSync(join(tmpdir(), 'postern-keys-'));
afterThisFile(async () => {
  rmSync(folder, { recursive: true });
  await database.close();
});

const at = ['--stage', 'sandbox'];
const create = ['client', 'create', ...at, '--name', 'Acme', '--scope', 'orders:read', '--client-id', 'acme'];
const rotate = ['client', 'rotate-secret', 'acme', ...at];
const imported = '9f86d081884c7d659a2feaa0c55ad015';
const Rotated = v.looseObject({ secretId: v.string(), clientSecret: v.string() });

const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const jwk = (kid: string) => JSON.stringify({ ...pair.publicKey.export({ format: 'jwk' }), kid });

function file(name: string, content: string): string {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
}

/** A stage with the client acme, which has the secret `imported`; `more` are options of its creation. */
async function stageWithAcme(...more: string[]) {
  const stage = await emptyStage(database);
  const ran = await postern([...create, '--secret-stdin', ...more], { stage, stdin: imported });
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  return stage;
}

/** A stage with the client acme, which has the key `one` and no secret. */
async function stageWithKeyOnly() {
  const stage = await emptyStage(database);
  const ran = await postern([...create, '--public-key', '-'], { stage, stdin: jwk('one') });
  expect(ran).toMatchObject({ code: 0, stderr: '' });
  return stage;
}

/** The same stage, seconds later. */
const later = (stage: StageUnderTest, seconds: number): StageUnderTest => ({
  ...stage,
  clock: () => now + seconds,
});

const acme = async (stage: StageUnderTest) => {
  const client = await stage.clients.findNow('acme');
  assert.ok(client);
  return client;
};
const authenticates = async (stage: StageUnderTest, secret: string) =>
  matchClientSecret(secretHashKey, await acme(stage), [secret], stage.clock()) !== undefined;

describe('postern client rotate-secret', () => {
  test('generates a second secret, and lets the first one expire after a day', async () => {
    const stage = await stageWithAcme();
    const ran = await postern([...rotate, '--json'], { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    const { clientSecret, secretId, secrets } = jsonOf(Rotated, ran);
    expect(await authenticates(stage, clientSecret)).toBe(true);
    expect(await authenticates(later(stage, 86_399), imported)).toBe(true);
    expect(await authenticates(later(stage, 86_400), imported)).toBe(false);
    const [old] = (await acme(stage)).secrets;
    expect(secrets).toStrictEqual([
      { id: old?.id, createdAt: '2026-05-04T03:02:01Z', expiresAt: '2026-05-05T03:02:01Z' },
      { id: secretId, createdAt: '2026-05-04T03:02:01Z' },
    ]);
  });

  describe('as text', () => {
    let stage: StageUnderTest;
    let ran: Ran;
    let oldId: string | undefined;
    beforeAll(async () => {
      stage = await stageWithAcme();
      oldId = (await acme(stage)).secrets[0]?.id;
      ran = await postern([...rotate, '--overlap', '60'], { stage });
    });

    test('prints the new secret once, and that it is shown once', async () => {
      expect(ran.stderr).toBe('');
      const secret = /^client_secret +([0-9a-f]{64})$/m.exec(ran.stdout)?.[1] ?? '';
      expect(ran.stdout.split(secret).length - 1).toBe(1);
      expect(await authenticates(stage, secret)).toBe(true);
      expect(ran.stdout).toMatch(/shown once: store it now/);
    });

    test('prints when the old secret expires, and how to revoke it earlier', () => {
      expect(ran.stdout).toContain(`The secret ${oldId} is valid until 2026-05-04T03:03:01Z.`);
      expect(ran.stdout).toContain(`revoke-secret acme ${oldId} --stage sandbox --local`);
    });
  });

  test('revokes the old secret at once with --overlap 0', async () => {
    const stage = await stageWithAcme();
    const ran = await postern([...rotate, '--overlap', '0'], { stage });
    expect(ran.stdout).toMatch(/No other secret of it is valid/);
    expect(await authenticates(stage, imported)).toBe(false);
  });

  test('refuses an overlap that is no number of seconds', async () => {
    const ran = await postern([...rotate, '--overlap', '1d'], { stage: await stageWithAcme() });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/--overlap must be a whole number of seconds/);
  });

  describe('of a client with two valid secrets', () => {
    let stage: StageUnderTest;
    let before: Client;
    beforeAll(async () => {
      stage = await stageWithAcme();
      expect((await postern(rotate, { stage })).code).toBe(0);
      before = await acme(stage);
    });

    test('refuses a third, names both and how to revoke one', async () => {
      const third = await postern([...rotate, '--json'], { stage });
      expect(third.code).toBe(1);
      const [first, second] = before.secrets;
      const error = errorOf(third);
      expect(error).toContain(`two valid secrets, which is the maximum: ${first?.id} and ${second?.id}.`);
      expect(error).toMatch(/npx postern client revoke-secret acme SECRET_ID --stage sandbox/);
      expect(await acme(stage)).toStrictEqual(before);
    });

    test('generates a third when the first one has expired', async () => {
      expect((await postern(rotate, { stage: later(stage, 86_400) })).code).toBe(0);
      const ids = (await acme(stage)).secrets.map(({ id }) => id);
      expect(ids).toHaveLength(2);
      expect(ids[0]).toBe(before.secrets[1]?.id);
    });
  });

  test('refuses a client that authenticates with keys, and says to add a key', async () => {
    const ran = await postern(rotate, { stage: await stageWithKeyOnly() });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/authenticates with its keys and has no secret\. Add its new key/);
  });

  test('refuses a public client', async () => {
    const stage = await emptyStage(database);
    await postern([...create, '--kind', 'sales_channel'], { stage });
    const ran = await postern(rotate, { stage });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/is public and has no secret/);
  });

  test('prints how to revoke the new secret if it could not be shown', async () => {
    const stage = await stageWithAcme();
    const ran = await postern(rotate, { stage, brokenPipe: true });
    expect(ran.code).toBe(1);
    const generated = (await acme(stage)).secrets.at(-1);
    expect(ran.stderr).toContain(`npx postern client revoke-secret acme ${generated?.id} --stage sandbox`);
  });

  test('generates one secret when it is run twice at the same time', async () => {
    const stage = await stageWithAcme();
    const ran = await Promise.all([postern(rotate, { stage }), postern(rotate, { stage })]);
    expect(ran.filter(({ code }) => code === 0)).toHaveLength(1);
    expect((await acme(stage)).secrets).toHaveLength(2);
  });
});

describe('postern client revoke-secret', () => {
  const revoke = (secretId: string, ...more: string[]) => [
    'client',
    'revoke-secret',
    'acme',
    secretId,
    ...at,
    ...more,
  ];

  describe('of a client with two valid secrets', () => {
    let stage: StageUnderTest;
    let oldId: string;
    let newId: string;
    beforeEach(async () => {
      stage = await stageWithAcme();
      newId = jsonOf(Rotated, await postern([...rotate, '--json'], { stage })).secretId;
      oldId = (await acme(stage)).secrets[0]?.id ?? '';
    });

    test('refuses an unknown secret id, and lists those of the client', async () => {
      const ran = await postern(revoke('zzz', '--json'), { stage });
      expect(ran.code).toBe(1);
      expect(errorOf(ran)).toMatch(new RegExp(`It has ${oldId} and ${newId}\\.`));
    });

    test('revokes one at once, and prints how to revoke the tokens of the client too', async () => {
      const ran = await postern(revoke(oldId), { stage });
      expect(ran).toMatchObject({ code: 0, stderr: '' });
      expect(ran.stdout).toMatch(/is refused in sandbox from now on/);
      expect(ran.stdout).toMatch(/npx postern client revoke-tokens acme --stage sandbox/);
      expect(ran.stdout).not.toMatch(/cannot authenticate/);
      expect(await authenticates(stage, imported)).toBe(false);
    });
  });

  describe('of the last valid secret', () => {
    let stage: StageUnderTest;
    let lastId: string;
    let lastSecret: string;
    beforeEach(async () => {
      stage = await stageWithAcme();
      const ran = await postern([...rotate, '--overlap', '0', '--json'], { stage });
      ({ secretId: lastId, clientSecret: lastSecret } = jsonOf(Rotated, ran));
    });

    test('refuses without --yes', async () => {
      const ran = await postern(revoke(lastId), { stage });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/last valid secret of acme.*rotate-secret acme.*\n.*--yes/);
      expect(await authenticates(stage, lastSecret)).toBe(true);
    });

    test('revokes it with --yes, and says that the client cannot authenticate', async () => {
      const ran = await postern(revoke(lastId, '--yes'), { stage });
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(
        /cannot authenticate now\. To allow it again: npx postern client rotate-secret acme/,
      );
      expect((await acme(stage)).secrets).toStrictEqual([]);
    });

    test('lets client rotate-secret generate another afterwards', async () => {
      await postern(revoke(lastId, '--yes'), { stage });
      expect((await postern(rotate, { stage })).code).toBe(0);
    });
  });

  test('revokes the last secret of a client with a key without --yes', async () => {
    const stage = await stageWithAcme('--public-key', file('acme.pem', pem));
    const { secrets } = await acme(stage);
    const ran = await postern(revoke(secrets[0]?.id ?? ''), { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect((await acme(stage)).secrets).toStrictEqual([]);
  });
});

describe('postern client revoke-tokens', () => {
  const revoke = ['client', 'revoke-tokens', 'acme', ...at];
  let stage: StageUnderTest;
  let before: Client;
  let ran: Ran;
  beforeAll(async () => {
    stage = await stageWithAcme();
    before = await acme(stage);
    ran = await postern(revoke, { stage });
  });

  test('revokes every token that was issued until now', async () => {
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/until now is revoked\. Those that it gets from now on are valid\./);
    const { tokenGeneration, version } = await acme(stage);
    expect(tokenGeneration).not.toBe(before.tokenGeneration);
    expect(version).toBe(2);
  });

  test('prints which authorizers refuse them, and when', () => {
    expect(ran.stdout).toMatch(
      /Lambda authorizer refuses its access tokens at once, and so does introspection/,
    );
    expect(ran.stdout).toMatch(/JWT authorizer, which does not check, accepts a JWT until it expires/);
  });

  test('revokes again, and prints the new generation with --json', async () => {
    const again = await postern([...revoke, '--json'], { stage });
    assertIncludes(JSON.parse(again.stdout), { tokenGeneration: (await acme(stage)).tokenGeneration });
  });
});

describe('postern client add-key', () => {
  const add = ['client', 'add-key', 'acme', ...at, '--public-key'];

  test('adds a key from a file', async () => {
    const ran = await postern([...add, file('one.json', jwk('one'))], { stage: await stageWithAcme() });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^keys +one for ES256$/m);
  });

  test('adds a second key from standard input', async () => {
    const stage = await stageWithAcme();
    await postern([...add, '-'], { stage, stdin: jwk('one') });
    const ran = await postern([...add, '-', '--json'], { stage, stdin: jwk('-two') });
    assertIncludes(JSON.parse(ran.stdout), {
      keys: [
        { kid: 'one', algorithms: ['ES256'] },
        { kid: '-two', algorithms: ['ES256'] },
      ],
      authenticationMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt'],
    });
  });

  test('refuses a kid that the client has already', async () => {
    const ran = await postern([...add, '-'], { stage: await stageWithKeyOnly(), stdin: jwk('one') });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/already has a key one/);
  });

  const privatePem = pair.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const privateJwk = JSON.stringify(pair.privateKey.export({ format: 'jwk' }));
  const wrong: [string, RegExp, string, string][] = [
    ['a private key in PEM', /It contains a private key/, '-', privatePem],
    ['a private JWK', /It contains a private key/, '-', privateJwk],
    ['text', /not a JWK, a JWK set, or a PEM public key/, file('hello', 'hello'), ''],
    ['a file that does not exist', /cannot be read \(ENOENT\)/, join(folder, 'absent'), ''],
    ['a folder', /cannot be read \(EISDIR\)/, folder, ''],
    ['a key in place of a file name', /cannot be read \(ENOENT\)/, privateJwk.slice(0, 100), ''],
  ];
  test.each(wrong)('refuses %s, and repeats nothing of it', async (_, message, name, stdin) => {
    const stage = await stageWithAcme();
    const ran = await postern(['client', 'add-key', 'acme', ...at, `--public-key=${name}`], { stage, stdin });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(ran.stderr).toMatch(message);
    expect(ran.stderr).not.toContain('"kty"');
    expect(ran.stderr).not.toContain(privatePem.slice(40, 60));
    expect((await acme(stage)).keys).toStrictEqual([]);
  });
});

describe('postern client remove-key', () => {
  test('removes a key by its kid, which may begin with a hyphen', async () => {
    const stage = await stageWithKeyOnly();
    await postern(['client', 'add-key', 'acme', ...at, '--public-key', '-'], { stage, stdin: jwk('-two') });
    const ran = await postern(['client', 'remove-key', ...at, '--', 'acme', '-two'], { stage });
    expect(ran).toMatchObject({ code: 0, stderr: '' });
    expect(ran.stdout).toMatch(/The key -two of acme is refused in sandbox from now on/);
    expect((await acme(stage)).keys.map(({ kid }) => kid)).toStrictEqual(['one']);
  });

  test('refuses an unknown kid, and lists those of the client', async () => {
    const ran = await postern(['client', 'remove-key', 'acme', 'two', ...at], {
      stage: await stageWithKeyOnly(),
    });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/no key with this kid\. It has one\./);
  });

  describe('of the last key of a client without a secret', () => {
    const remove = ['client', 'remove-key', 'acme', 'one', ...at];
    let stage: StageUnderTest;
    beforeEach(async () => {
      stage = await stageWithKeyOnly();
    });

    test('refuses without --yes', async () => {
      const ran = await postern(remove, { stage });
      expect(ran.code).toBe(1);
      expect(ran.stderr).toMatch(/last key of acme.*add-key acme.*\n.*--yes/);
    });

    test('removes it with --yes, and says that the client cannot authenticate', async () => {
      const ran = await postern([...remove, '--yes'], { stage });
      expect(ran.code).toBe(0);
      expect(ran.stdout).toMatch(
        /cannot authenticate now\. To allow it again: npx postern client add-key acme/,
      );
      expect((await acme(stage)).keys).toStrictEqual([]);
    });
  });
});

describe('postern client show, of a client with a key and two secrets', () => {
  const show = ['client', 'show', 'acme', ...at];
  let stage: Awaited<ReturnType<typeof stageWithAcme>>;
  let secrets: Client['secrets'];
  beforeAll(async () => {
    stage = await stageWithAcme('--public-key', file('acme.json', jwk('one')));
    await postern(rotate, { stage });
    ({ secrets } = await acme(stage));
    await stage.secretUses.recordUse('acme', secrets[0]?.id ?? '', Date.parse('2026-11-21T19:47:11Z') / 1000);
  });

  test('prints when each secret was created, expires and was last used', async () => {
    const { stdout } = await postern(show, { stage });
    const [old, fresh] = secrets;
    const expected = [
      `secrets         ${old?.id} of 2026-05-04T03:02:01Z, until 2026-05-05T03:02:01Z, last used 2026-11-21T19:00Z, to the hour`,
      `                ${fresh?.id} of 2026-05-04T03:02:01Z, last used never`,
      'keys            one for ES256',
    ];
    expect(stdout).toContain(`${expected.join('\n')}\n`);
  });

  test('prints the same with --json', async () => {
    const { stdout } = await postern([...show, '--json'], { stage });
    const [old, fresh] = secrets;
    assertIncludes(JSON.parse(stdout), {
      keys: [{ kid: 'one', algorithms: ['ES256'] }],
      secrets: [
        {
          id: old?.id,
          createdAt: '2026-05-04T03:02:01Z',
          expiresAt: '2026-05-05T03:02:01Z',
          lastUsedAt: '2026-11-21T19:00Z',
        },
        { id: fresh?.id, createdAt: '2026-05-04T03:02:01Z', lastUsedAt: null },
      ],
    });
  });

  test.each([['as text', show] as const, ['with --json', [...show, '--json']] as const])(
    'prints no hash of a secret %s',
    async (_, words) => {
      const { stdout } = await postern(words, { stage });
      expect(secrets).toHaveLength(2);
      expect(secrets.filter(({ hash }) => stdout.includes(hash))).toStrictEqual([]);
    },
  );
});

describe('postern client, with the id of an unknown client', () => {
  test.each([
    ['rotate-secret'],
    ['revoke-secret', 'x', '--yes'],
    ['revoke-tokens'],
    ['add-key', '--public-key', '-'],
    ['remove-key', 'x', '--yes'],
  ])('%s refuses it', async (verb = '', ...rest) => {
    const ran = await postern(['client', verb, 'acne', ...rest, ...at, '--json'], {
      stage: await stageWithAcme(),
      stdin: pem,
    });
    expect(ran.code).toBe(1);
    expect(errorOf(ran)).toBe('There is no client acne in sandbox.');
  });
});
