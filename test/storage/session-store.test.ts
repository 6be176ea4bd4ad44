import assert from 'node:assert/strict';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { describe, expect, test } from '@jest/globals';
import { dynamodbSessionStore } from '../../src/storage/session-store.ts';
import { sessionOf } from '../contract/session-store-contract.ts';

const session = sessionOf(1);

/** A DynamoDB whose eventually consistent reads can lag behind, which no emulator offers. */
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

describe('session store, find', () => {
  test('repeats a read that finds nothing, with strong consistency', async () => {
    const { store, reads } = laggingDatabase(true);
    expect(await store.find('hash')).toStrictEqual(session);
    expect(reads).toStrictEqual([false, true]);
  });

  test('reads an existing session once, with eventual consistency', async () => {
    const { store, reads } = laggingDatabase(false);
    expect(await store.find('hash')).toStrictEqual(session);
    expect(reads).toStrictEqual([false]);
  });
});
