import { DeleteItemCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import type { SessionStore } from '../sessions/session-store.ts';
import { Session } from '../sessions/session.ts';
import { ask } from './dynamodb.ts';

const sessionPrefix = 'session#';

const keyOf = (tokenHash: string) => marshall({ pk: sessionPrefix + tokenHash });

/** Sessions in DynamoDB: one item of under 1 KB each, `session#<hash of token>`. */
export function dynamodbSessionStore(dynamodb: DynamoDBClient, TableName: string): SessionStore {
  const get = (tokenHash: string, ConsistentRead: boolean) =>
    ask(dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(tokenHash), ConsistentRead })));

  return {
    async put(tokenHash, session) {
      await ask(
        dynamodb.send(new PutItemCommand({ TableName, Item: { ...keyOf(tokenHash), ...marshall(session) } })),
      );
    },

    async find(tokenHash) {
      // An eventually consistent read costs half, and can miss a session of this very second: only a token
      // with a genuine tag comes here, so a miss is rare enough to be read again.
      const { Item } = await get(tokenHash, false);
      const item = Item ?? (await get(tokenHash, true)).Item;
      return item && v.parse(Session, unmarshall(item));
    },

    async delete(tokenHash) {
      await ask(dynamodb.send(new DeleteItemCommand({ TableName, Key: keyOf(tokenHash) })));
    },
  };
}
