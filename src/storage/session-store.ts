import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Session } from '../sessions/session.ts';
import type { SessionStore } from '../sessions/session.ts';
import { orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

const keyOf = (tokenHash: string) => marshall({ pk: itemKinds.session.prefix + tokenHash });

/** Sessions in DynamoDB, one item of less than 1 KB each. */
export function dynamodbSessionStore(dynamodb: DynamoDBClient, TableName: string): SessionStore {
  const get = (tokenHash: string, ConsistentRead: boolean) =>
    orUnavailable(dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(tokenHash), ConsistentRead })));

  return {
    async put(tokenHash, session) {
      await orUnavailable(
        dynamodb.send(new PutItemCommand({ TableName, Item: { ...keyOf(tokenHash), ...marshall(session) } })),
      );
    },

    async find(tokenHash) {
      // An eventually consistent read costs half as much and may miss a session of this second. Only tokens with a
      // valid tag are looked up, so misses are rare enough to be read again.
      const { Item } = await get(tokenHash, false);
      const item = Item ?? (await get(tokenHash, true)).Item;
      return item && v.parse(Session, unmarshall(item));
    },

    async delete(tokenHash) {
      await orUnavailable(dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(tokenHash) })));
    },
  };
}
