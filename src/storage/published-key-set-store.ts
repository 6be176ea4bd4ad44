import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { PublishedKeySet } from '../keys/published-key-set.ts';
import type { PublishedKeySetReader, PublishedKeySetWriter } from '../keys/published-key-set.ts';
import { orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

const Key = marshall({ pk: itemKinds.keySet.prefix });

/** The published keys in DynamoDB: a single item. */
export function dynamodbPublishedKeySetStore(
  dynamodb: DynamoDBClient,
  TableName: string,
): PublishedKeySetReader & PublishedKeySetWriter {
  return {
    async find() {
      const { Item } = await orUnavailable(
        dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })),
      );
      return Item && v.parse(PublishedKeySet, unmarshall(Item));
    },

    async put(set) {
      const item = marshall(set, { removeUndefinedValues: true });
      await orUnavailable(dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, ...item } })));
    },
  };
}
