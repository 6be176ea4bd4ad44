import assert from 'node:assert/strict';
import { afterAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { testDatabase } from '../contract/tables.ts';
import { emptyStage } from './stage-under-test.ts';
import { answered, assertIncludes, errorOf, typed } from './typed.ts';

const database = await testDatabase();
afterAll(() => database.close());

const ada = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
const create = ['account', 'create', '--stage', 'sandbox', ...ada];

test('account create makes up a mage_id, and account show finds it', async () => {
  const stage = await emptyStage(database);
  const created = await typed([...create, '--json'], { stage });
  expect(created.code).toBe(0);
  expect(created.stderr).toBe('');
  const account = answered(v.looseObject({ mageId: v.pipe(v.string(), v.regex(/^MAG\d{9}$/)) }), created);
  expect(account).toStrictEqual({
    mageId: account.mageId,
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.com',
    screenName: 'Ada Lovelace',
    sessionKeys: [],
    status: 'enabled',
    createdAt: '2026-05-04T03:02:01Z',
  });

  const shown = await typed(['account', 'show', account.mageId, '--stage', 'sandbox', '--json'], { stage });
  expect(JSON.parse(shown.stdout)).toStrictEqual(account);
});

test('account create says what comes next', async () => {
  const stage = await emptyStage(database);
  const created = await typed([...create, '--mage-id', 'MAG7', '--screen-name', 'Countess'], { stage });
  expect(created.stdout).toMatch(/^screen name +Countess$/m);
  expect(created.stdout).toMatch(
    /npx postern client create --stage sandbox --local --account MAG7 --name NAME/,
  );
});

test('account create refuses what is taken or wrong', async () => {
  const stage = await emptyStage(database);
  const imported = [...create, '--mage-id', 'MAG7'];
  expect((await typed(imported, { stage })).code).toBe(0);
  const again = await typed([...imported, '--json'], { stage });
  expect(again.code).toBe(1);
  expect(again.stdout).toBe('');
  expect(errorOf(again)).toBe('The mage_id (--mage-id) is taken: there is an account MAG7 already.');

  const address = await typed([...create.slice(0, -1), 'nowhere'], { stage });
  expect(address.code).toBe(1);
  expect(address.stderr).toMatch(/must look like name@example\.com/);
});

test.each(['--stage STAGE', '--last-name NAME', '--email ADDRESS'])(
  'account create names every option that is missing: %s',
  async (missing) => {
    const ran = await typed(['account', 'create', '--first-name', 'Ada']);
    expect(ran.code).toBe(2);
    expect(ran.stdout).toBe('');

    assert.ok(ran.stderr.includes(`${missing} is missing`), missing);

    expect(ran.stderr).toMatch(/See: npx postern account create --help/);
  },
);

describe('id of a client and an account', () => {
  const asClient = ['client', 'create', '--stage', 'sandbox', '--name', 'Acme', '--scope', 'orders:read'];

  test('client create refuses the mage_id of an account', async () => {
    const stage = await emptyStage(database);
    await typed([...create, '--mage-id', 'MAG7'], { stage });
    const refused = await typed([...asClient, '--client-id', 'MAG7', '--json'], { stage });
    expect(refused.code).toBe(1);
    expect(errorOf(refused)).toBe(
      'The client id (--client-id) is taken: there is an account with the mage_id MAG7, and no one may take its sessions for tokens of a client. Choose another id.',
    );
    expect(await stage.clients.findNow('MAG7')).toBeUndefined();
  });

  test('client create refuses a session key with the mage_id of its account, and takes no place', async () => {
    const stage = await emptyStage(database);
    await typed([...create, '--mage-id', 'MAG7'], { stage });
    const words = ['client', 'create', '--stage', 'sandbox', '--name', 'Acme', '--account', 'MAG7'];
    const refused = await typed([...words, '--client-id', 'MAG7'], { stage });
    expect(refused.code).toBe(1);
    expect((await stage.accounts.find('MAG7'))?.sessionKeys).toStrictEqual({});
  });

  test.each([
    ['of a client', false],
    ['of a deleted client', true],
  ])('account create refuses the id %s', async (_what, isDeleted) => {
    const stage = await emptyStage(database);
    await typed([...asClient, '--client-id', 'acme'], { stage });
    if (isDeleted) await typed(['client', 'delete', 'acme', '--stage', 'sandbox', '--yes'], { stage });
    const refused = await typed([...create, '--mage-id', 'acme', '--json'], { stage });
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
        typed(i % 2 === 0 ? [...create, '--mage-id', 'same'] : [...asClient, '--client-id', 'same'], {
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
    await typed([...create, '--mage-id', 'MAG7'], { stage });
    const unclaimed = { ...stage, subjects: { claim: async () => true } };
    expect((await typed([...asClient, '--client-id', 'MAG7'], { stage: unclaimed })).code).toBe(1);
  });

  test('is refused to an account whose client was created before ids were claimed', async () => {
    const stage = await emptyStage(database);
    await typed([...asClient, '--client-id', 'acme'], { stage });
    const unclaimed = { ...stage, subjects: { claim: async () => true } };
    expect((await typed([...create, '--mage-id', 'acme'], { stage: unclaimed })).code).toBe(1);
  });
});

describe('account disable and account enable', () => {
  async function accountStage() {
    const stage = await emptyStage(database);
    await typed([...create, '--mage-id', 'MAG7'], { stage });
    return stage;
  }
  const change = (verb: string) => ['account', verb, 'MAG7', '--stage', 'sandbox'];

  test('disable says what it ends, and show has the status', async () => {
    const stage = await accountStage();
    const { stdout } = await typed(change('disable'), { stage });
    expect(stdout).toBe(
      'The account MAG7 is disabled in sandbox: it opens no session.\nThe Lambda authorizer refuses its session tokens at once, and so does introspection.\n',
    );
    expect((await typed(change('show'), { stage })).stdout).toMatch(/^status +disabled$/m);
    expect((await typed(change('disable'), { stage })).stdout).toMatch(/was disabled in sandbox already/);
  });

  test('enable says that sessions stay ended', async () => {
    const stage = await accountStage();
    expect((await typed(change('enable'), { stage })).stdout).toMatch(/was enabled in sandbox already/);
    await typed(change('disable'), { stage });
    const enabled = await typed([...change('enable'), '--json'], { stage });
    assertIncludes(JSON.parse(enabled.stdout), { mageId: 'MAG7', status: 'enabled' });
    expect((await stage.accounts.find('MAG7'))?.status).toBe('enabled');
    await typed(change('disable'), { stage });
    expect((await typed(change('enable'), { stage })).stdout).toMatch(/Those that it had stay ended/);
  });

  test.each(['disable', 'enable', 'show'])('%s refuses an unknown account', async (verb) => {
    const ran = await typed(change(verb), { stage: await emptyStage(database) });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe('postern: There is no account MAG7 in sandbox.\n');
  });
});

test('account show refuses an account that is not there', async () => {
  const ran = await typed(['account', 'show', 'MAG1', '--stage', 'sandbox'], {
    stage: await emptyStage(database),
  });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toBe('postern: There is no account MAG1 in sandbox.\n');
});
