import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { oneLine, printable } from '../../cli/arguments/printable.ts';
import type { Client } from '../../src/clients/client.ts';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { postern } from './postern.ts';
import { emptyStage, now } from './stage-under-test.ts';

const database = await testDatabase();
afterThisFile(() => database.close());

const at = ['--stage', 'sandbox'];
const create = ['client', 'create', ...at, '--name', 'Acme', '--scope', 'orders:read', '--client-id', 'acme'];
const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

/** Clears the screen, forges a row of a table, and reverses the text after it. */
const evil = 'x\u001b[2J\nadmin  Admin\u009b1A\u202e\u2028y\u0000';
const shown = 'x\\u001b[2J\\u000aadmin  Admin\\u009b1A\\u202e\\u2028y\\u0000';

describe('registration', () => {
  test.each([
    ['the kid of a JWK', ['--public-key', '-'], JSON.stringify({ ...jwk, kid: evil })],
    ['a stated kid', ['--public-key', '-', '--kid', evil], JSON.stringify(jwk)],
    ['a claim', ['--claim', `tier=${evil}`], ''],
    ['an audience', ['--audience', `https://a.example/${evil}`], ''],
    ['an audience with a line break, which URLs lose', ['--audience', 'https://a.example/\nb'], ''],
    ['a name', ['--name', evil], ''],
  ])('refuses escapes and line breaks in %s', async (_, words, stdin) => {
    const stage = await emptyStage(database);
    const base =
      words[0] === '--name' ? create.filter((word) => word !== '--name' && word !== 'Acme') : create;
    const ran = await postern([...base, ...words], { stage, stdin });
    assert.equal(ran.code, 1, ran.stderr);
    expect(ran.stderr).toMatch(/printable|on one line|must not contain/);
    expect(ran.stderr).not.toContain('\u001b');
    expect(await stage.clients.list()).toStrictEqual([]);
  });

  test.each([`ada@example.com${evil}`, 'ada\u001b[2J@example.com', 'ada@exam\u202eple.com'])(
    'refuses the e-mail address %j',
    async (email) => {
      const stage = await emptyStage(database);
      const names = ['--first-name', 'Ada', '--last-name', 'Lovelace'];
      const ran = await postern(['account', 'create', ...at, ...names, '--email', email], { stage });
      expect([ran.code, ran.stderr.includes('(--email) must look like')]).toStrictEqual([1, true]);
    },
  );

  test('does not repeat the kid of a key that it ignores, if it is not printable', async () => {
    const stage = await emptyStage(database);
    const keys = [
      { ...jwk, kid: 'good' },
      { ...jwk, kid: evil, use: 'enc' },
    ];
    const words = [...create, '--public-key', '-'];
    const ran = await postern(words, { stage, stdin: JSON.stringify({ keys }) });
    assert.equal(ran.code, 0, ran.stderr);
    expect(ran.stdout).toContain('Not registered: the key number 2 is not for signatures');
    expect(ran.stdout).not.toContain('\u001b');
  });
});

describe('strings that are stored already', () => {
  const client: Client = {
    id: 'acme',
    name: evil,
    kind: 'integration',
    authenticationMethods: ['private_key_jwt'],
    secrets: [],
    keys: [{ kty: 'EC', kid: evil, kidSource: 'partner', algorithms: ['ES256'], ...curve() }],
    grants: ['client_credentials'],
    scopes: ['orders:read'],
    defaultScopes: [],
    requiredScopes: [],
    subjects: [],
    audiences: [evil],
    allowedOrigins: [],
    dpopBoundAccessTokens: false,
    fapi: false,
    mayIntrospect: false,
    claims: { tier: evil },
    status: 'enabled',
    tokenGeneration: 'generation',
    createdAt: now,
    version: 1,
  };
  const account = {
    mageId: 'MAG1',
    firstName: evil,
    lastName: evil,
    email: evil,
    screenName: evil,
    sessionKeys: {},
    status: 'enabled' as const,
    sessionGeneration: '',
    createdAt: now,
  };

  const commands: readonly (readonly string[])[] = [
    ['client', 'list'],
    ['client', 'show', 'acme'],
    ['client', 'remove-key', 'acme', 'unknown'],
    ['client', 'remove-key', 'acme', evil, '--yes'],
    ['client', 'rotate-secret', 'acme'],
    ['client', 'disable', 'acme'],
    ['client', 'add-key', 'acme', '--public-key', '-'],
    ['client', 'show', evil],
    ['account', 'show', 'MAG1'],
  ];
  describe.each([[[]], [['--json']]])('with the options %j', (options) => {
    test.each(
      commands.map(
        (words) => [words.map((word) => (word === evil ? 'EVIL' : word)).join(' '), words] as const,
      ),
    )('are escaped by %s', async (_, words) => {
      const stage = await emptyStage(database);
      await stage.clients.create(client);
      await stage.accounts.create(account);
      const stdin = JSON.stringify({ ...jwk, kid: 'good' });
      const { stdout, stderr } = await postern([...words, ...at, ...options], { stage, stdin });
      // oxlint-disable-next-line no-control-regex -- these are what is looked for
      expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u2028]/);
      expect(stdout + stderr).not.toMatch(/^ *admin {2}Admin/m);
    });
  });

  test('are the same strings for programs', async () => {
    const stage = await emptyStage(database);
    await stage.clients.create(client);
    const { stdout } = await postern(['client', 'show', 'acme', ...at, '--json'], { stage });
    expect(JSON.parse(stdout)).toMatchObject({ name: evil, audiences: [evil], claims: { tier: evil } });
  });

  test('are recognizable for people', async () => {
    const stage = await emptyStage(database);
    await stage.clients.create(client);
    const { stdout } = await postern(['client', 'show', 'acme', ...at], { stage });
    expect(stdout).toContain(`keys            ${shown} for ES256\n`);
  });

  test('are escaped in questions', async () => {
    const stage = await emptyStage(database);
    await stage.clients.create(client);
    const ran = await postern(['client', 'delete', 'acme', ...at], { stage, stdin: 'n\n', keyboard: true });
    expect(ran.stderr).toContain(`Delete acme (${shown}) in sandbox permanently? [y/N] `);
  });
});

describe('escapes', () => {
  test('leave letters of every script, joiners and accents as they are', () => {
    const text = 'Zoë Ångström 株式会社 नी\u200Dती می\u200Cخواهم 👩\u200D💻';
    expect([printable(text), oneLine(text)]).toStrictEqual([text, text]);
  });

  test('leave the line breaks of a text of several lines', () => {
    expect([printable('a\nb'), oneLine('a\nb')]).toStrictEqual(['a\nb', 'a\\u000ab']);
  });

  test('have the form of JSON for characters beyond the basic plane', () => {
    expect(oneLine('\u{E0001}')).toBe('\\udb40\\udc01');
  });
});

function curve() {
  const { crv = '', x = '', y = '' } = jwk;
  return { crv, x, y };
}
