import assert from 'node:assert/strict';
import { afterAll, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { testDatabase } from '../contract/tables.ts';
import { emptyStage } from './stage-under-test.ts';
import { answered, errorOf, typed } from './typed.ts';

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

test('account show refuses an account that is not there', async () => {
  const ran = await typed(['account', 'show', 'MAG1', '--stage', 'sandbox'], {
    stage: await emptyStage(database),
  });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toBe('postern: There is no account MAG1 in sandbox.\n');
});
