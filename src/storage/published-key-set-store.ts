import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { PublishedKeySet } from '../keys/published-key-set.ts';
import type { PublishedKeySetReader, PublishedKeySetWriter } from '../keys/published-key-set.ts';
import { ask } from './dynamodb.ts';

export const keySetKey = 'key-set';

const Key = marshall({ pk: keySetKey });

/** The published keys in DynamoDB: one item, `key-set`. */
export function dynamodbPublishedKeySetStore(
  dynamodb: DynamoDBClient,
  TableName: string,
): PublishedKeySetReader & PublishedKeySetWriter {
  return {
    async find() {
      const { Item } = await ask(dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })));
      return Item && v.parse(PublishedKeySet, unmarshall(Item));
    },

    async put(set) {
      const item = marshall(set, { removeUndefinedValues: true });
      await ask(dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, ...item } })));
    },
  };
}
