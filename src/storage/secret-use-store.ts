import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import type { SecretUseStore } from '../clients/secret-use.ts';
import { orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

/** Seconds for which the last use of a secret is kept, because its client may be deleted: two years. */
const keptFor = 2 * 365 * 86_400;

const SecretUse = v.object({ lastUsedAt: v.number() });

const keyOf = (clientId: string, secretId: string) =>
  marshall({ pk: `${itemKinds.secretUse.prefix}${clientId}#${secretId}` });

/** Last uses in DynamoDB, one item for each secret. */
export function dynamodbSecretUseStore(dynamodb: DynamoDBClient, TableName: string): SecretUseStore {
  return {
    async lastUse(clientId, secretId) {
      const { Item } = await orUnavailable(
        dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(clientId, secretId) })),
      );
      return Item && v.parse(SecretUse, unmarshall(Item)).lastUsedAt;
    },

    async recordUse(clientId, secretId, now) {
      const Item = {
        ...keyOf(clientId, secretId),
        ...marshall({ lastUsedAt: now, expiresAt: now + keptFor }),
      };
      await orUnavailable(dynamodb.send(new PutItemCommand({ TableName, Item })));
    },
  };
}
