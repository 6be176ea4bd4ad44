import assert from 'node:assert/strict';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { expect, test } from '@jest/globals';
import { dynamodbSessionStore } from '../../src/storage/session-store.ts';

const session = { clientId: 'c', account: 'MAG1', scope: '', issuedAt: 1, expiresAt: 2 };

/** A DynamoDB whose eventually consistent reads are behind: no emulator has such. */
function laggingDatabase(lag: boolean) {
  const reads: boolean[] = [];
  const dynamodb = new DynamoDBClient({ region: 'eu-west-1' });
  dynamodb.send = async (command: unknown) => {
    assert.ok(command instanceof GetItemCommand);
    const { ConsistentRead = false } = command.input;
    reads.push(ConsistentRead);
    return lag && !ConsistentRead ? {} : { Item: marshall(session) };
  };
  return { store: dynamodbSessionStore(dynamodb, 'sessions'), reads };
}

test('a session that an eventually consistent read misses is read once more, strongly consistent', async () => {
  const { store, reads } = laggingDatabase(true);
  expect(await store.find('hash')).toStrictEqual(session);
  expect(reads).toStrictEqual([false, true]);
});

test('a session that is found costs one eventually consistent read', async () => {
  const { store, reads } = laggingDatabase(false);
  expect(await store.find('hash')).toStrictEqual(session);
  expect(reads).toStrictEqual([false]);
});
