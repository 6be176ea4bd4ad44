import { beforeAll, describe, expect, test } from '@jest/globals';
import { Unavailable } from '../../src/unavailable.ts';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { assertIncludes, errorOf, postern } from './postern.ts';
import type { StageUnderTest } from './stage-under-test.ts';
import { emptyStage, now } from './stage-under-test.ts';

const database = await testDatabase();
afterThisFile(() => database.close());

const at = ['--stage', 'sandbox'];
const list = ['client', 'list', ...at];
const show = ['client', 'show', 'acme', ...at];
const disable = ['client', 'disable', 'acme', ...at];
const enable = ['client', 'enable', 'acme', ...at];

async function stageWith(...ids: string[]): Promise<StageUnderTest> {
  const stage = await emptyStage(database);
  for (const id of ids) {
    const words = ['client', 'create', ...at, '--name', `Name of ${id}`, '--scope', 'orders:read'];
    expect((await postern([...words, '--client-id', id], { stage })).code).toBe(0);
  }
  return stage;
}

const statusOf = async (stage: StageUnderTest, id: string) => (await stage.clients.findNow(id))?.status;

describe('postern client list', () => {
  test('of a stage without clients prints how to create the first', async () => {
    const ran = await postern(list, { stage: await stageWith() });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(
      /^No clients in sandbox yet\. Create one with: npx postern client create --stage sandbox/,
    );
  });

  test('of a stage without clients prints an empty array with --json', async () => {
    const ran = await postern([...list, '--json'], { stage: await stageWith() });
    expect(JSON.parse(ran.stdout)).toStrictEqual([]);
  });

  test('prints a line for each client, in columns', async () => {
    const { stdout } = await postern(list, { stage: await stageWith('a-client', 'b') });
    expect(stdout).toBe(
      [
        'CLIENT_ID  NAME              KIND         STATUS   CREATED               FOR',
        'a-client   Name of a-client  integration  enabled  2026-05-04T03:02:01Z  orders:read',
        'b          Name of b         integration  enabled  2026-05-04T03:02:01Z  orders:read',
        '',
      ].join('\n'),
    );
  });

  test('succeeds in silence if its reader has closed the pipe', async () => {
    const ran = await postern(list, { stage: await stageWith(), brokenPipe: true });
    expect(ran).toStrictEqual({ code: 0, stdout: '', stderr: '' });
  });
});

describe('postern client list, with DynamoDB unavailable', () => {
  const denied = Object.assign(new Error('User: x is not authorized to perform: dynamodb:Scan'), {
    name: 'AccessDeniedException',
  });
  let down: StageUnderTest;
  beforeAll(async () => {
    const stage = await stageWith();
    down = {
      ...stage,
      clients: {
        ...stage.clients,
        list: async () => {
          throw new Unavailable('DynamoDB', denied);
        },
      },
    };
  });

  test('prints the cause in one line', async () => {
    const ran = await postern(list, { stage: down });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe(
      'postern: AWS does not allow it: User: x is not authorized to perform: dynamodb:Scan.\n',
    );
  });

  test('adds the stack with POSTERN_DEBUG', async () => {
    const ran = await postern(list, { stage: down, env: { POSTERN_DEBUG: '1' } });
    expect(ran.stderr).toMatch(/Unavailable: DynamoDB is unavailable\n +at /);
  });
});

describe('postern client show and list, of a client with a secret that expires', () => {
  let stage: StageUnderTest;
  let secretId: string;
  let hash: string;
  beforeAll(async () => {
    stage = await stageWith('acme');
    const client = await stage.clients.findNow('acme');
    const [secret] = client?.secrets ?? [];
    if (!client || !secret) throw new Error('The client has no secret');
    ({ id: secretId, hash } = secret);
    await stage.clients.replace({ ...client, secrets: [{ ...secret, expiresAt: now + 3600 }] });
  });

  test.each([
    ['show, as text', show],
    ['show --json', [...show, '--json']],
    ['list, as text', list],
    ['list --json', [...list, '--json']],
  ])('do not print the hash of the secret: %s', async (_, words) => {
    const { code, stdout, stderr } = await postern(words, { stage });
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
    expect(stdout).not.toContain(hash);
  });

  test('print when the secret expires: show, as text', async () => {
    const { stdout } = await postern(show, { stage });
    expect(stdout).toContain(
      `secrets         ${secretId} of 2026-05-04T03:02:01Z, until 2026-05-04T04:02:01Z`,
    );
  });

  test('print when the secret expires: show --json', async () => {
    const { stdout } = await postern([...show, '--json'], { stage });
    assertIncludes(JSON.parse(stdout), {
      clientId: 'acme',
      secrets: [
        {
          id: secretId,
          createdAt: '2026-05-04T03:02:01Z',
          expiresAt: '2026-05-04T04:02:01Z',
          lastUsedAt: null,
        },
      ],
    });
  });
});

describe('postern client disable', () => {
  test('disables a client, and prints which authorizers refuse its tokens', async () => {
    const stage = await stageWith('acme');
    const ran = await postern(disable, { stage });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/Lambda authorizer refuses its access tokens at once/);
    expect(ran.stdout).toMatch(/JWT authorizer, which does not check, accepts a JWT until it expires/);
    expect(await statusOf(stage, 'acme')).toBe('disabled');
  });

  test('succeeds for a client that is disabled already', async () => {
    const stage = await stageWith('acme');
    await postern(disable, { stage });
    const again = await postern(disable, { stage });
    expect(again.code).toBe(0);
    expect(again.stdout).toMatch(/disabled in sandbox already/);
  });
});

describe('postern client enable', () => {
  test('enables a client that was disabled', async () => {
    const stage = await stageWith('acme');
    await postern(disable, { stage });
    const ran = await postern([...enable, '--json'], { stage });
    assertIncludes(JSON.parse(ran.stdout), { clientId: 'acme', status: 'enabled' });
    expect(await statusOf(stage, 'acme')).toBe('enabled');
  });

  test('succeeds for a client that is enabled already', async () => {
    const ran = await postern(enable, { stage: await stageWith('acme') });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/enabled in sandbox already/);
  });
});

describe('postern client disable and enable, while another operator writes the same client', () => {
  test('apply the change to what the other operator wrote', async () => {
    const stage = await stageWith('acme');
    let others = 2;
    const raced: StageUnderTest = {
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
    expect((await postern(disable, { stage: raced })).code).toBe(0);
    assertIncludes(await stage.clients.findNow('acme'), { status: 'disabled', name: 'Renamed 0' });
  });

  test('fail if every attempt loses', async () => {
    const stage = await stageWith('acme');
    await postern(disable, { stage });
    const lost: StageUnderTest = { ...stage, clients: { ...stage.clients, replace: async () => false } };
    const ran = await postern(enable, { stage: lost });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/being changed by someone else/);
  });
});

describe('postern client delete', () => {
  const remove = ['client', 'delete', 'acme', ...at];

  test('is a usage error without --yes if no one can be asked', async () => {
    const ran = await postern(remove);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(/add --yes/);
  });

  test('deletes a client with --yes, and no other', async () => {
    const stage = await stageWith('acme', 'other');
    const ran = await postern([...remove, '--yes', '--json'], { stage });
    expect(JSON.parse(ran.stdout)).toStrictEqual({ clientId: 'acme', deleted: true });
    expect((await stage.clients.list()).map(({ id }) => id)).toStrictEqual(['other']);
  });

  test('deletes nothing if the person does not confirm it', async () => {
    const stage = await stageWith('acme');
    const ran = await postern(remove, { stage, keyboard: true, stdin: '\n' });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/Delete acme \(Name of acme\) in sandbox permanently\? \[y\/N\]/);
    expect(ran.stderr).toMatch(/acme was not deleted/);
    expect((await stage.clients.list()).map(({ id }) => id)).toStrictEqual(['acme']);
  });

  test('deletes a client if the person confirms it', async () => {
    const stage = await stageWith('acme');
    const ran = await postern(remove, { stage, keyboard: true, stdin: 'y\n' });
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/^The client acme is deleted from sandbox/);
    expect(await stage.clients.list()).toStrictEqual([]);
  });
});

describe('postern client, with the id of an unknown client', () => {
  test.each([['show'], ['disable'], ['enable'], ['delete', '--yes']])('%s refuses it', async (...words) => {
    const ran = await postern(['client', ...words, 'acne', ...at, '--json'], {
      stage: await stageWith('acme'),
    });
    expect(ran).toMatchObject({ code: 1, stdout: '' });
    expect(errorOf(ran)).toBe('There is no client acne in sandbox.');
  });
});

describe('postern client delete, of a session key', () => {
  async function sessionKeyStage() {
    const stage = await emptyStage(database);
    const who = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
    await postern(['account', 'create', ...at, ...who, '--mage-id', 'MAG7'], { stage });
    await postern(['client', 'create', ...at, '--name', 'Key', '--account', 'MAG7', '--client-id', 'AQ1'], {
      stage,
    });
    return stage;
  }

  test('frees the place of the key in its account', async () => {
    const stage = await sessionKeyStage();
    expect(Object.keys((await stage.accounts.find('MAG7'))?.sessionKeys ?? {})).toStrictEqual(['AQ1']);
    const deleted = await postern(['client', 'delete', 'AQ1', ...at, '--yes'], { stage });
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
    ['of a disabled key', ['disable'], []],
  ])('prints that the sessions of a key end: %s', async (_what, before, options) => {
    const stage = await sessionKeyStage();
    for (const verb of before) await postern(['client', verb, 'AQ1', ...at], { stage });
    const deleted = await postern(['client', 'delete', 'AQ1', ...at, '--yes', ...options], { stage });
    expect(deleted.stdout).toMatch(/refuses its session tokens at once/);
  });

  test('ends the sessions that a deleted key left, with --revoke-sessions', async () => {
    const stage = await sessionKeyStage();
    const remove = ['client', 'delete', 'AQ1', ...at];
    await postern([...remove, '--yes'], { stage });
    const asked = await postern([...remove, '--revoke-sessions'], { stage, keyboard: true, stdin: 'y\n' });
    expect(asked.stderr).toMatch(/Delete the sessions of AQ1 in sandbox permanently\?/);
    expect(asked.stdout).toBe('The sessions that the deleted client AQ1 had left in sandbox are revoked.\n');
    const again = await postern([...remove, '--revoke-sessions', '--yes', '--json'], { stage });
    expect(errorOf(again)).toBe('There is no client AQ1 in sandbox.');
  });

  test('tries again if someone else changes the client, and gives up after some attempts', async () => {
    const stage = await sessionKeyStage();
    let others = 2;
    const clients: StageUnderTest['clients'] = {
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
    expect((await postern(remove, { stage: lost })).stderr).toMatch(/being changed by someone else/);
    expect((await postern(remove, { stage: { ...stage, clients } })).code).toBe(0);
    expect(await stage.clients.findNow('AQ1')).toBeUndefined();
  });

  test('succeeds if the response to its own write was lost', async () => {
    const stage = await sessionKeyStage();
    const clients: StageUnderTest['clients'] = {
      ...stage.clients,
      delete: async (client, remains) => (await stage.clients.delete(client, remains)) && false,
    };
    const remove = ['client', 'delete', 'AQ1', ...at, '--yes'];
    expect((await postern(remove, { stage: { ...stage, clients } })).code).toBe(0);
    expect((await stage.accounts.find('MAG7'))?.sessionKeys).toStrictEqual({});
  });
});
