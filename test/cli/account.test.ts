import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import type { Stage } from '../../cli/stage.ts';
import { testDatabase } from '../contract/tables.ts';
import { errorOf, jsonOf, postern } from './postern.ts';
import type { Ran } from './postern.ts';
import { emptyStage } from './stage-under-test.ts';

const database = await testDatabase();
afterAll(() => database.close());

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
      createdAt: '2026-05-04T03:02:01Z',
    });
  });

  describe('with a mage_id and a screen name', () => {
    let stage: Stage;
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
