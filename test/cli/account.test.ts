import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import * as v from 'valibot';
import { testDatabase } from '../contract/tables.ts';
import { emptyStage } from './stage-under-test.ts';
import { answered, errorOf, typed } from './typed.ts';

const database = await testDatabase();
after(() => database.close());

const ada = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
const create = ['account', 'create', '--stage', 'sandbox', ...ada];

test('account create makes up a mage_id, and account show finds it', async () => {
  const stage = await emptyStage(database);
  const created = await typed([...create, '--json'], { stage });
  assert.equal(created.code, 0);
  assert.equal(created.stderr, '');
  const account = answered(v.looseObject({ mageId: v.pipe(v.string(), v.regex(/^MAG\d{9}$/)) }), created);
  assert.deepEqual(account, {
    mageId: account.mageId,
    firstName: 'Ada',
    lastName: 'Lovelace',
    email: 'ada@example.com',
    screenName: 'Ada Lovelace',
    sessionKeys: [],
    createdAt: '2026-05-04T03:02:01Z',
  });

  const shown = await typed(['account', 'show', account.mageId, '--stage', 'sandbox', '--json'], { stage });
  assert.deepEqual(JSON.parse(shown.stdout), account);
});

test('account create says what comes next', async () => {
  const stage = await emptyStage(database);
  const created = await typed([...create, '--mage-id', 'MAG7', '--screen-name', 'Countess'], { stage });
  assert.match(created.stdout, /^screen name +Countess$/m);
  assert.match(
    created.stdout,
    /npx postern client create --stage sandbox --local --account MAG7 --name NAME/,
  );
});

test('account create refuses what is taken or wrong', async () => {
  const stage = await emptyStage(database);
  const imported = [...create, '--mage-id', 'MAG7'];
  assert.equal((await typed(imported, { stage })).code, 0);
  const again = await typed([...imported, '--json'], { stage });
  assert.equal(again.code, 1);
  assert.equal(again.stdout, '');
  assert.equal(errorOf(again), 'The mage_id (--mage-id) is taken: there is an account MAG7 already.');

  const address = await typed([...create.slice(0, -1), 'nowhere'], { stage });
  assert.equal(address.code, 1);
  assert.match(address.stderr, /must look like name@example\.com/);
});

test('account create names every option that is missing', async () => {
  const ran = await typed(['account', 'create', '--first-name', 'Ada']);
  assert.equal(ran.code, 2);
  assert.equal(ran.stdout, '');
  for (const missing of ['--stage STAGE', '--last-name NAME', '--email ADDRESS']) {
    assert.ok(ran.stderr.includes(`${missing} is missing`), missing);
  }
  assert.match(ran.stderr, /See: npx postern account create --help/);
});

test('account show refuses an account that is not there', async () => {
  const ran = await typed(['account', 'show', 'MAG1', '--stage', 'sandbox'], {
    stage: await emptyStage(database),
  });
  assert.equal(ran.code, 1);
  assert.equal(ran.stderr, 'postern: There is no account MAG1 in sandbox.\n');
});
