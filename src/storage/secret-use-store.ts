import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import type { SecretUseStore } from '../clients/secret-use-store.ts';
import { ask } from './dynamodb.ts';

/** Seconds after its last use that a secret's note is kept, in case its client is deleted: two years. */
const keptFor = 2 * 365 * 86_400;

const SecretUse = v.object({ lastUsedAt: v.number() });

const keyOf = (clientId: string, secretId: string) => marshall({ pk: `secret-use#${clientId}#${secretId}` });

/** Last uses in DynamoDB: one item a secret, `secret-use#<client id>#<secret id>`, in the clients table. */
export function dynamodbSecretUseStore(dynamodb: DynamoDBClient, TableName: string): SecretUseStore {
  return {
    async lastUse(clientId, secretId) {
      const { Item } = await ask(
        dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(clientId, secretId) })),
      );
      return Item && v.parse(SecretUse, unmarshall(Item)).lastUsedAt;
    },

    async noteUse(clientId, secretId, now) {
      const Item = {
        ...keyOf(clientId, secretId),
        ...marshall({ lastUsedAt: now, expiresAt: now + keptFor }),
      };
      await ask(dynamodb.send(new PutItemCommand({ TableName, Item })));
    },
  };
}
