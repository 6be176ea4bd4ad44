import { isDeepStrictEqual } from 'node:util';
import { DeleteItemCommand, GetItemCommand, paginateScan, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import type { ClientStore } from '../clients/client-store.ts';
import { Client } from '../clients/client.ts';
import { parseDecoyClient } from './decoy-client.ts';
import { conditionMet, orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

const { prefix } = itemKinds.client;
const keyOf = (clientId: string) => marshall({ pk: prefix + clientId });

/** Clients in DynamoDB, one item each. */
export function dynamodbClientStore(dynamodb: DynamoDBClient, TableName: string): ClientStore {
  const get = async (clientId: string, ConsistentRead: boolean) => {
    const { Item } = await orUnavailable(
      dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(clientId), ConsistentRead })),
    );
    return Item && v.parse(Client, unmarshall(Item));
  };
  const put = (client: Client, condition: object) =>
    conditionMet(
      dynamodb.send(
        new PutItemCommand({
          TableName,
          Item: { ...keyOf(client.id), ...marshall(client, { removeUndefinedValues: true }) },
          ...condition,
        }),
      ),
    );

  /** The SDK repeats a write whose response was lost. The repetition then finds what the first one has written. */
  const isWritten = async (client: Client) => isDeepStrictEqual(await get(client.id, true), client);

  return {
    async find(clientId) {
      const client = await get(clientId, false);
      if (!client) parseDecoyClient();
      return client;
    },
    findNow: (clientId) => get(clientId, true),

    async list() {
      const clients: Client[] = [];
      const pages = paginateScan(
        { client: dynamodb },
        {
          TableName,
          ConsistentRead: true,
          FilterExpression: 'begins_with(pk, :prefix)',
          ExpressionAttributeValues: marshall({ ':prefix': prefix }),
        },
      );
      const collect = async () => {
        for await (const { Items = [] } of pages) {
          clients.push(...Items.map((item) => v.parse(Client, unmarshall(item))));
        }
      };
      await orUnavailable(collect());
      return clients.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },

    create: async (client) =>
      (await put(client, { ConditionExpression: 'attribute_not_exists(pk)' })) || isWritten(client),

    async replace(client) {
      const next = { ...client, version: client.version + 1 };
      const unchanged = {
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: marshall({ ':version': client.version }),
      };
      return (await put(next, unchanged)) || isWritten(next);
    },

    delete: (clientId) =>
      conditionMet(
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
