import { isDeepStrictEqual } from 'node:util';
import { DeleteItemCommand, GetItemCommand, paginateScan, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import type { ClientStore } from '../clients/client-store.ts';
import { Client } from '../clients/client.ts';
import { ask, holds } from './dynamodb.ts';

export const clientPrefix = 'client#';
const keyOf = (clientId: string) => marshall({ pk: clientPrefix + clientId });

/** Clients in DynamoDB: one item each, `client#<id>`. */
export function dynamodbClientStore(dynamodb: DynamoDBClient, TableName: string): ClientStore {
  const get = async (clientId: string, ConsistentRead: boolean) => {
    const { Item } = await ask(
      dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(clientId), ConsistentRead })),
    );
    return Item && v.parse(Client, unmarshall(Item));
  };
  const put = (client: Client, condition: object) =>
    holds(
      dynamodb.send(
        new PutItemCommand({
          TableName,
          Item: { ...keyOf(client.id), ...marshall(client, { removeUndefinedValues: true }) },
          ...condition,
        }),
      ),
    );

  /** A write whose answer was lost is made again by the SDK, and then meets what it has written itself. */
  const isThere = async (client: Client) => isDeepStrictEqual(await get(client.id, true), client);

  return {
    find: (clientId) => get(clientId, false),
    findNow: (clientId) => get(clientId, true),

    async list() {
      const clients: Client[] = [];
      const pages = paginateScan(
        { client: dynamodb },
        {
          TableName,
          ConsistentRead: true,
          FilterExpression: 'begins_with(pk, :prefix)',
          ExpressionAttributeValues: marshall({ ':prefix': clientPrefix }),
        },
      );
      const collect = async () => {
        for await (const { Items = [] } of pages) {
          clients.push(...Items.map((item) => v.parse(Client, unmarshall(item))));
        }
      };
      await ask(collect());
      return clients.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },

    create: async (client) =>
      (await put(client, { ConditionExpression: 'attribute_not_exists(pk)' })) || isThere(client),

    async replace(client) {
      const next = { ...client, version: client.version + 1 };
      const unchanged = {
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: marshall({ ':version': client.version }),
      };
      return (await put(next, unchanged)) || isThere(next);
    },

    delete: (clientId) =>
      holds(
        dynamodb.send(
          new DeleteItemCommand({
            TableName,
            Key: keyOf(clientId),
            ConditionExpression: 'attribute_exists(pk)',
          }),
        ),
      ),
  };
}
