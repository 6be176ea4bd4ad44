import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { errorOf, jsonOf, postern } from './postern.ts';
import type { Ran } from './postern.ts';
import type { StageUnderTest } from './stage-under-test.ts';
import { emptyStage } from './stage-under-test.ts';

const database = await testDatabase();
afterThisFile(() => database.close());

const at = ['--stage', 'sandbox'];
const ada = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
const create = ['account', 'create', ...at, ...ada];

describe('postern account create', () => {
  test('creates an account with a generated mage_id', async () => {
    const stage = await emptyStage(database);
    const created = await postern([...create, '--json'], { stage });
    expect(created).toMatchObject({ code: 0, stderr: '' });
    const { mageId, ...account } = jsonOf(v.looseObject({ mageId: v.string() }), created);
    expect(mageId).toMatch(/^MAG\d{9}$/);
    expect(account).toStrictEqual({
      firstName: 'Ada',
      lastName: 'Lovelace',
      email: 'ada@example.com',
      screenName: 'Ada Lovelace',
      sessionKeys: [],
      status: 'enabled',
      createdAt: '2026-05-04T03:02:01Z',
    });
  });

  describe('with a mage_id and a screen name', () => {
    let stage: StageUnderTest;
    let created: Ran;
    beforeAll(async () => {
      stage = await emptyStage(database);
      created = await postern([...create, '--mage-id', 'MAG7', '--screen-name', 'Countess'], { stage });
    });

    test('succeeds', () => {
      expect(created).toMatchObject({ code: 0, stderr: '' });
    });

    test('prints the screen name', () => {
      expect(created.stdout).toMatch(/^screen name +Countess$/m);
    });

    test('prints the command that creates the first session key of the account', () => {
      expect(created.stdout).toMatch(
        /npx postern client create --stage sandbox --local --account MAG7 --name NAME/,
      );
    });

    test('refuses a mage_id that is taken', async () => {
      const again = await postern([...create, '--mage-id', 'MAG7', '--json'], { stage });
      expect(again).toMatchObject({ code: 1, stdout: '' });
      expect(errorOf(again)).toBe('The mage_id (--mage-id) is taken: there is an account MAG7 already.');
    });
  });

  test('refuses a value that is no e-mail address', async () => {
    const stage = await emptyStage(database);
    const ran = await postern([...create.slice(0, -1), 'nowhere'], { stage });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/must look like name@example\.com/);
  });

  describe('without required options', () => {
    let ran: Ran;
    beforeAll(async () => {
      ran = await postern(['account', 'create', '--first-name', 'Ada']);
    });

    test('is a usage error that names the help of the command', () => {
      expect(ran).toMatchObject({ code: 2, stdout: '' });
      expect(ran.stderr).toMatch(/See: npx postern account create --help/);
    });

    test.each(['--stage STAGE', '--last-name NAME', '--email ADDRESS'])(
      'names the missing option %s',
      (missing) => {
        expect(ran.stderr).toContain(`${missing} is missing`);
      },
    );
  });
});

describe('postern account show', () => {
  test('shows the account as account create has shown it', async () => {
    const stage = await emptyStage(database);
    const created = await postern([...create, '--mage-id', 'MAG7', '--json'], { stage });
    const shown = await postern(['account', 'show', 'MAG7', ...at, '--json'], { stage });
    expect(JSON.parse(shown.stdout)).toStrictEqual(JSON.parse(created.stdout));
  });

  test('refuses an unknown account', async () => {
    const stage = await emptyStage(database);
    const ran = await postern(['account', 'show', 'MAG1', ...at], { stage });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe('postern: There is no account MAG1 in sandbox.\n');
  });
});

describe('id of a client and an account', () => {
  const asClient = ['client', 'create', '--stage', 'sandbox', '--name', 'Acme', '--scope', 'orders:read'];

  test('client create refuses the mage_id of an account', async () => {
    const stage = await emptyStage(database);
    await postern([...create, '--mage-id', 'MAG7'], { stage });
    const refused = await postern([...asClient, '--client-id', 'MAG7', '--json'], { stage });
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toBe(
      'The client id (--client-id) is taken: there is an account with the mage_id MAG7, and no one may take its sessions for tokens of a client. Choose another id.',
    );
    expect(await stage.clients.findNow('MAG7')).toBeUndefined();
  });

  test('client create refuses a session key with the mage_id of its account, and takes no place', async () => {
    const stage = await emptyStage(database);
    await postern([...create, '--mage-id', 'MAG7'], { stage });
    const words = ['client', 'create', ...at, '--name', 'Acme', '--account', 'MAG7'];
    const refused = await postern([...words, '--client-id', 'MAG7'], { stage });
    expect(refused.code).toBe(1);
    expect((await stage.accounts.find('MAG7'))?.sessionKeys).toStrictEqual({});
  });

  test.each([
    ['of a client', false],
    ['of a deleted client', true],
  ])('account create refuses the id %s', async (_what, isDeleted) => {
    const stage = await emptyStage(database);
    await postern([...asClient, '--client-id', 'acme'], { stage });
    if (isDeleted) await postern(['client', 'delete', 'acme', '--stage', 'sandbox', '--yes'], { stage });
    const refused = await postern([...create, '--mage-id', 'acme', '--json'], { stage });
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toBe(
      'The mage_id (--mage-id) is taken: there is or was a client with the id acme, and no one may take its tokens for those of an account. Choose another id.',
    );
    expect(await stage.accounts.find('acme')).toBeUndefined();
  });

  test('is created as one of both, even concurrently', async () => {
    const stage = await emptyStage(database);
    const ran = await Promise.all(
      Array.from({ length: 6 }, (_, i) =>
        postern(i % 2 === 0 ? [...create, '--mage-id', 'same'] : [...asClient, '--client-id', 'same'], {
          stage,
        }),
      ),
    );
    expect(ran.filter(({ code }) => code === 0).length).toBe(1);
    const [client, account] = [await stage.clients.findNow('same'), await stage.accounts.find('same')];
    expect([client, account].filter((found) => found !== undefined).length).toBe(1);
  });

  test('is refused to a client whose account was created before ids were claimed', async () => {
    const stage = await emptyStage(database);
    await postern([...create, '--mage-id', 'MAG7'], { stage });
    const unclaimed = { ...stage, subjects: { claim: async () => true } };
    expect((await postern([...asClient, '--client-id', 'MAG7'], { stage: unclaimed })).code).toBe(1);
  });

  test('is refused to an account whose client was created before ids were claimed', async () => {
    const stage = await emptyStage(database);
    await postern([...asClient, '--client-id', 'acme'], { stage });
    const unclaimed = { ...stage, subjects: { claim: async () => true } };
    expect((await postern([...create, '--mage-id', 'acme'], { stage: unclaimed })).code).toBe(1);
  });
});

describe('postern account disable and account enable', () => {
  async function accountStage() {
    const stage = await emptyStage(database);
    await postern([...create, '--mage-id', 'MAG7'], { stage });
    return stage;
  }
  const change = (verb: string) => ['account', verb, 'MAG7', '--stage', 'sandbox'];

  test('disable says what it ends, and show has the status', async () => {
    const stage = await accountStage();
    const { stdout } = await postern(change('disable'), { stage });
    expect(stdout).toBe(
      'The account MAG7 is disabled in sandbox: it opens no session.\nThe Lambda authorizer refuses its session tokens at once, and so does introspection.\n',
    );
    expect((await postern(change('show'), { stage })).stdout).toMatch(/^status +disabled$/m);
    expect((await postern(change('disable'), { stage })).stdout).toMatch(/was disabled in sandbox already/);
  });

  test('enable says that sessions stay ended', async () => {
    const stage = await accountStage();
    expect((await postern(change('enable'), { stage })).stdout).toMatch(/was enabled in sandbox already/);
    await postern(change('disable'), { stage });
    const enabled = await postern([...change('enable'), '--json'], { stage });
    expect(JSON.parse(enabled.stdout)).toMatchObject({ mageId: 'MAG7', status: 'enabled' });
    expect((await stage.accounts.find('MAG7'))?.status).toBe('enabled');
    await postern(change('disable'), { stage });
    expect((await postern(change('enable'), { stage })).stdout).toMatch(/Those that it had stay ended/);
  });

  test.each(['disable', 'enable', 'show'])('%s refuses an unknown account', async (verb) => {
    const ran = await postern(change(verb), { stage: await emptyStage(database) });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe('postern: There is no account MAG7 in sandbox.\n');
  });
});
