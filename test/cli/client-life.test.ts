import assert from 'node:assert/strict';
import { afterAll, expect, test } from '@jest/globals';
import type { Stage } from '../../cli/stage.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { testDatabase } from '../contract/tables.ts';
import { emptyStage, now } from './stage-under-test.ts';
import { assertIncludes, errorOf, typed } from './typed.ts';

const database = await testDatabase();
afterAll(() => database.close());

const at = ['--stage', 'sandbox'];

async function stageWith(...ids: string[]): Promise<Stage> {
  const stage = await emptyStage(database);
  for (const id of ids) {
    const words = ['client', 'create', ...at, '--name', `Name of ${id}`, '--scope', 'orders:read'];
    expect((await typed([...words, '--client-id', id], { stage })).code).toBe(0);
  }
  return stage;
}

const statusOf = async (stage: Stage, id: string) => (await stage.clients.findNow(id))?.status;

test('client list says how to make the first', async () => {
  const stage = await stageWith();
  const ran = await typed(['client', 'list', ...at], { stage });
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(
    /^No clients in sandbox yet\. Create one with: npx postern client create --stage sandbox/,
  );
  expect(JSON.parse((await typed(['client', 'list', ...at, '--json'], { stage })).stdout)).toStrictEqual([]);
});

test('client list has a line for each client, in columns', async () => {
  const stage = await stageWith('a-client', 'b');
  const { stdout } = await typed(['client', 'list', ...at], { stage });
  expect(stdout).toBe(
    [
      'CLIENT_ID  NAME              KIND         STATUS   CREATED               FOR',
      'a-client   Name of a-client  integration  enabled  2026-05-04T03:02:01Z  orders:read',
      'b          Name of b         integration  enabled  2026-05-04T03:02:01Z  orders:read',
      '',
    ].join('\n'),
  );
});

test('client show has the ids and dates of secrets, and neither hash nor secret', async () => {
  const stage = await stageWith('acme');
  const client = await stage.clients.findNow('acme');
  assert.ok(client);
  const [secret] = client.secrets;
  assert.ok(secret);
  await stage.clients.replace({ ...client, secrets: [{ ...secret, expiresAt: now + 3600 }] });

  for (const words of [
    ['client', 'show', 'acme', ...at],
    ['client', 'show', 'acme', ...at, '--json'],
    ['client', 'list', ...at],
    ['client', 'list', ...at, '--json'],
  ]) {
    const { code, stdout, stderr } = await typed(words, { stage });
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).not.toContain(secret.hash);
  }
  const shown = await typed(['client', 'show', 'acme', ...at], { stage });
  expect(shown.stdout).toContain(
    `secrets         ${secret.id} of 2026-05-04T03:02:01Z, until 2026-05-04T04:02:01Z`,
  );
  assertIncludes(JSON.parse((await typed(['client', 'show', 'acme', ...at, '--json'], { stage })).stdout), {
    clientId: 'acme',
    secrets: [
      {
        id: secret.id,
        createdAt: '2026-05-04T03:02:01Z',
        expiresAt: '2026-05-04T04:02:01Z',
        lastUsedAt: null,
      },
    ],
  });
});

test('a client is disabled and enabled, as often as one likes', async () => {
  const stage = await stageWith('acme');
  const disabled = await typed(['client', 'disable', 'acme', ...at], { stage });
  expect(disabled.code).toBe(0);
  expect(disabled.stdout).toMatch(/Lambda authorizer refuses its access tokens at once/);
  expect(disabled.stdout).toMatch(/JWT authorizer, which does not check, accepts a JWT until it expires/);
  expect(await statusOf(stage, 'acme')).toBe('disabled');
  const again = await typed(['client', 'disable', 'acme', ...at], { stage });
  expect(again.code).toBe(0);
  expect(again.stdout).toMatch(/disabled in sandbox already/);

  const enabled = await typed(['client', 'enable', 'acme', ...at, '--json'], { stage });
  assertIncludes(JSON.parse(enabled.stdout), { clientId: 'acme', status: 'enabled' });
  expect(await statusOf(stage, 'acme')).toBe('enabled');
  expect((await typed(['client', 'enable', 'acme', ...at], { stage })).stdout).toMatch(
    /enabled in sandbox already/,
  );
});

test('a change that loses a race is made again on what the other wrote', async () => {
  const stage = await stageWith('acme');
  let others = 2;
  const raced: Stage = {
    ...stage,
    clients: {
      ...stage.clients,
      async replace(client) {
        others -= 1;
        const theirs = await stage.clients.findNow(client.id);
        if (others >= 0 && theirs) await stage.clients.replace({ ...theirs, name: `Renamed ${others}` });
        return stage.clients.replace(client);
      },
    },
  };
  expect((await typed(['client', 'disable', 'acme', ...at], { stage: raced })).code).toBe(0);
  const client = await stage.clients.findNow('acme');
  assertIncludes(client, { status: 'disabled', name: 'Renamed 0' });

  const lost: Stage = { ...stage, clients: { ...stage.clients, replace: async () => false } };
  const ran = await typed(['client', 'enable', 'acme', ...at], { stage: lost });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/being changed by someone else/);
});

test('client delete wants a yes, from an option or a person', async () => {
  const stage = await stageWith('a', 'b', 'c');
  const unattended = await typed(['client', 'delete', 'a', ...at]);
  expect(unattended.code).toBe(2);
  expect(unattended.stderr).toMatch(/add --yes/);

  const deleted = await typed(['client', 'delete', 'a', ...at, '--yes', '--json'], { stage });
  expect(JSON.parse(deleted.stdout)).toStrictEqual({ clientId: 'a', deleted: true });

  const declined = await typed(['client', 'delete', 'b', ...at], { stage, keyboard: true, stdin: '\n' });
  expect(declined.code).toBe(1);
  expect(declined.stderr).toMatch(/Delete b \(Name of b\) in sandbox permanently\? \[y\/N\]/);
  expect(declined.stderr).toMatch(/b was not deleted/);

  const agreed = await typed(['client', 'delete', 'c', ...at], { stage, keyboard: true, stdin: 'y\n' });
  expect(agreed.code).toBe(0);
  expect(agreed.stdout).toMatch(/^The client c is deleted from sandbox/);
  expect((await stage.clients.list()).map(({ id }) => id)).toStrictEqual(['b']);
});

async function sessionKeyStage() {
  const stage = await emptyStage(database);
  const who = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
  await typed(['account', 'create', ...at, ...who, '--mage-id', 'MAG7'], { stage });
  await typed(['client', 'create', ...at, '--name', 'Key', '--account', 'MAG7', '--client-id', 'AQ1'], {
    stage,
  });
  return stage;
}

test('deleting a session key gives its place back', async () => {
  const stage = await sessionKeyStage();
  expect(Object.keys((await stage.accounts.find('MAG7'))?.sessionKeys ?? {})).toStrictEqual(['AQ1']);
  const deleted = await typed(['client', 'delete', 'AQ1', ...at, '--yes'], { stage });
  expect(deleted.stdout).toBe(
    [
      'The client AQ1 is deleted from sandbox.',
      'The sessions that it opened are valid until they expire, for 7200 seconds at most. To end them: npx postern client delete AQ1 --stage sandbox --local --revoke-sessions',
      '',
    ].join('\n'),
  );
  expect((await stage.accounts.find('MAG7'))?.sessionKeys).toStrictEqual({});
});

test.each([
  ['with --revoke-sessions', [], ['--revoke-sessions']],
  ['that is disabled', ['disable'], []],
])('deleting a session key %s says that its sessions end', async (_what, before, options) => {
  const stage = await sessionKeyStage();
  for (const verb of before) await typed(['client', verb, 'AQ1', ...at], { stage });
  const deleted = await typed(['client', 'delete', 'AQ1', ...at, '--yes', ...options], { stage });
  expect(deleted.stdout).toMatch(/refuses its session tokens at once/);
});

test('client delete --revoke-sessions ends the sessions that a deleted session key left', async () => {
  const stage = await sessionKeyStage();
  const remove = ['client', 'delete', 'AQ1', ...at];
  await typed([...remove, '--yes'], { stage });
  const asked = await typed([...remove, '--revoke-sessions'], { stage, keyboard: true, stdin: 'y\n' });
  expect(asked.stderr).toMatch(/Delete the sessions of AQ1 in sandbox permanently\?/);
  expect(asked.stdout).toBe('The sessions that the deleted client AQ1 had left in sandbox are revoked.\n');
  const again = await typed([...remove, '--revoke-sessions', '--yes', '--json'], { stage });
  expect(errorOf(again)).toBe('There is no client AQ1 in sandbox.');
});

test('client delete tries again if someone else changes the client, and gives up after some attempts', async () => {
  const stage = await sessionKeyStage();
  let others = 2;
  const clients: Stage['clients'] = {
    ...stage.clients,
    async delete(client, remains) {
      others -= 1;
      const theirs = await stage.clients.findNow(client.id);
      if (others >= 0 && theirs) await stage.clients.replace(theirs);
      return stage.clients.delete(client, remains);
    },
  };
  const remove = ['client', 'delete', 'AQ1', ...at, '--yes'];
  const lost = { ...stage, clients: { ...stage.clients, delete: async () => false } };
  expect((await typed(remove, { stage: lost })).stderr).toMatch(/being changed by someone else/);
  expect((await typed(remove, { stage: { ...stage, clients } })).code).toBe(0);
  expect(await stage.clients.findNow('AQ1')).toBeUndefined();
});

test('client delete succeeds if the response to its own write was lost', async () => {
  const stage = await sessionKeyStage();
  const clients: Stage['clients'] = {
    ...stage.clients,
    delete: async (client, remains) => (await stage.clients.delete(client, remains)) && false,
  };
  const remove = ['client', 'delete', 'AQ1', ...at, '--yes'];
  expect((await typed(remove, { stage: { ...stage, clients } })).code).toBe(0);
  expect((await stage.accounts.find('MAG7'))?.sessionKeys).toStrictEqual({});
});

test('a client that is not there is refused by every command alike', async () => {
  const stage = await stageWith('acme');
  for (const words of [['show'], ['disable'], ['enable'], ['delete', '--yes']]) {
    const ran = await typed(['client', ...words, 'acne', ...at, '--json'], { stage });
    expect(ran.code).toBe(1);
    expect(ran.stdout).toBe('');
    expect(errorOf(ran)).toBe('There is no client acne in sandbox.');
  }
});

test('a store that cannot be asked is one line with the cause, and a stack only on demand', async () => {
  const stage = await stageWith();
  const denied = Object.assign(new Error('User: x is not authorized to perform: dynamodb:Scan'), {
    name: 'AccessDeniedException',
  });
  const down: Stage = {
    ...stage,
    clients: {
      ...stage.clients,
      list: async () => {
        throw new Unavailable('DynamoDB', denied);
      },
    },
  };
  const ran = await typed(['client', 'list', ...at], { stage: down });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toBe(
    'postern: AWS does not allow it: User: x is not authorized to perform: dynamodb:Scan.\n',
  );
  const debugged = await typed(['client', 'list', ...at], { stage: down, env: { POSTERN_DEBUG: '1' } });
  expect(debugged.stderr).toMatch(/Unavailable: DynamoDB is unavailable\n +at /);
});

test('whoever reads the list may stop reading', async () => {
  const ran = await typed(['client', 'list', ...at], { stage: await stageWith(), brokenPipe: true });
  expect(ran).toStrictEqual({ code: 0, stdout: '', stderr: '' });
});
