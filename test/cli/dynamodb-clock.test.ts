import { once } from 'node:events';
import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { dynamodbClock } from '../../cli/dynamodb-clock.ts';
import type { Stage } from '../../cli/stage.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';
import { postern } from './postern.ts';
import { emptyStage, now } from './stage-under-test.ts';

const database = await testDatabase();
const table = await database.table();

/** DynamoDB as an operator finds it who may read nothing, at a time that the test chooses. */
let dated: string | undefined;
const server = createServer((_, response) => {
  if (dated === undefined) response.sendDate = false;
  else response.setHeader('date', dated);
  response
    .writeHead(400, { 'content-type': 'application/x-amz-json-1.0' })
    .end(JSON.stringify({ __type: 'com.amazon.coral.service#AccessDeniedException', message: 'no' }));
}).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const closed = new DynamoDBClient({
  endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
  region: 'eu-west-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  maxAttempts: 1,
});
afterThisFile(async () => {
  closed.destroy();
  server.close();
  await database.close();
});

const seconds = () => Math.floor(Date.now() / 1000);

describe('clock of the command line', () => {
  test.each([
    ['right', 0],
    ['a minute behind', -60],
    ['an hour ahead', 3_600],
  ])('is that of DynamoDB where the clock of the operator is %s', async (_, skew) => {
    const { clock } = await dynamodbClock(database.dynamodb, table, () => Date.now() + skew * 1_000);
    expect(Math.abs(clock() - seconds())).toBeLessThanOrEqual(1);
  });

  test('moves on', async () => {
    let operatorTime = 1_000_000;
    const { clock } = await dynamodbClock(database.dynamodb, table, () => operatorTime);
    const before = clock();
    operatorTime += 90_000;
    expect(clock()).toBe(before + 90);
  });

  test.each([
    [-60_000, /is 60 seconds behind that of DynamoDB, which is used instead/],
    [60_000, /is 60 seconds ahead of that of DynamoDB, which is used instead/],
    [-3_500, /is [34] seconds behind/],
    [3_500, /is [34] seconds ahead/],
  ])('warns of an operator whose clock differs by %i ms', async (skew, warning) => {
    const { warnings } = await dynamodbClock(database.dynamodb, table, () => Date.now() + skew);
    expect(warnings).toStrictEqual([expect.stringMatching(warning)]);
  });

  test.each([-1_000, 0, 1_000])('does not warn of a difference of %i ms', async (skew) => {
    const { warnings } = await dynamodbClock(database.dynamodb, table, () => Date.now() + skew);
    expect(warnings).toStrictEqual([]);
  });

  test('is that of DynamoDB where the operator may not read the table', async () => {
    dated = 'Mon, 04 May 2026 03:02:01 GMT';
    const { clock } = await dynamodbClock(closed, table);
    expect(new Date(clock() * 1000).toISOString()).toMatch(/^2026-05-04T03:02:0[12]/);
  });

  test.each([
    ['no Date', undefined],
    ['a Date that is none', 'yesterday'],
  ])('does not exist where the response has %s', async (_, date) => {
    dated = date;
    await expect(dynamodbClock(closed, table)).rejects.toThrow(Unavailable);
  });
});

describe('command that is run with a wrong clock', () => {
  const warning = 'The clock of this machine is wrong.';
  let readings = 0;
  const emptyKeySet = { set: undefined, versionId: 'v0', isRotating: false, isRotationEnabled: true };
  const readClock = async () => {
    readings += 1;
    return { clock: () => now, warnings: [warning] };
  };
  let stage: Stage;
  const run = (words: string) =>
    postern([...words.split(' '), '--stage', 'sandbox'], { connect: async () => stage });
  beforeAll(async () => {
    const empty = await emptyStage(database);
    const signingKeys = { ...empty.signingKeys, read: async () => emptyKeySet };
    stage = { ...empty, signingKeys, readClock };
    await run('client create --name Acme --client-id acme --scope orders:read');
  });
  beforeEach(() => {
    readings = 0;
  });

  test.each([['client list'], ['client show acme'], ['client disable acme']])(
    'does not read the time of DynamoDB, if it writes and compares no time: %s',
    async (words) => {
      expect(await run(words)).toMatchObject({ code: 0, stderr: '' });
      expect(readings).toBe(0);
    },
  );

  test.each([
    ['account create --first-name A --last-name B --email a@example.com'],
    ['client rotate-secret acme --overlap 60'],
    ['client revoke-secret acme none'],
    ['key list'],
    ['client delete acme --yes'],
  ])('reads the time of DynamoDB once, and warns: %s', async (words) => {
    expect((await run(words)).stderr).toContain(`postern: ${warning}\n`);
    expect(readings).toBe(1);
  });
});
