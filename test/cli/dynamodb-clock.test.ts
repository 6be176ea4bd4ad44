import { once } from 'node:events';
import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, test } from '@jest/globals';
import { dynamodbClock } from '../../cli/dynamodb-clock.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { testDatabase } from '../contract/tables.ts';

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
afterAll(async () => {
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
