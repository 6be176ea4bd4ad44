import { isDeepStrictEqual } from 'node:util';
import { DeleteItemCommand, GetItemCommand, paginateScan, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { DeletedSessionKey } from '../clients/client-record.ts';
import { clientOfRecord } from '../clients/client-record.ts';
import type { ClientStore } from '../clients/client-store.ts';
import type { Client } from '../clients/client.ts';
import { parseDecoyClient } from './decoy-client.ts';
import { conditionMet, orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

const { prefix } = itemKinds.client;
const keyOf = (clientId: string) => marshall({ pk: prefix + clientId });

/** The condition that an item is what remains of a deleted session key. */
const isDeleted = {
  expression: '#status = :deleted',
  names: { '#status': 'status' },
  values: { ':deleted': 'deleted' },
};

/** The condition that the stored client is this version of it. */
const unchangedSince = ({ version }: Pick<Client, 'version'>) => ({
  ConditionExpression: 'version = :version',
  ExpressionAttributeValues: marshall({ ':version': version }),
});

/** Clients in DynamoDB, one item each. */
export function dynamodbClientStore(dynamodb: DynamoDBClient, TableName: string): ClientStore {
  const get = async (clientId: string) => {
    const { Item } = await orUnavailable(
      dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(clientId), ConsistentRead: true })),
    );
    return clientOfRecord(Item && unmarshall(Item));
  };
  const put = (client: Client | DeletedSessionKey, condition: object) =>
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
  const isWritten = async (client: Client) => isDeepStrictEqual(await get(client.id), client);

  return {
    async findNow(clientId) {
      const client = await get(clientId);
      if (!client) parseDecoyClient();
      return client;
    },

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
          clients.push(
            ...Items.map((item) => clientOfRecord(unmarshall(item))).filter((client) => client !== undefined),
          );
        }
      };
      await orUnavailable(collect());
      return clients.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    },

    async create(client) {
      const unusedId = {
        ConditionExpression: `attribute_not_exists(pk) OR ${isDeleted.expression}`,
        ExpressionAttributeNames: isDeleted.names,
        ExpressionAttributeValues: marshall(isDeleted.values),
      };
      return (await put(client, unusedId)) || isWritten(client);
    },

    async replace(client) {
      const next = { ...client, version: client.version + 1 };
      return (await put(next, unchangedSince(client))) || isWritten(next);
    },

    delete: (client, remains) =>
      remains
        ? put(remains, unchangedSince(client))
        : conditionMet(
            dynamodb.send(
              new DeleteItemCommand({ TableName, Key: keyOf(client.id), ...unchangedSince(client) }),
            ),
          ),

    deleteRemains: (clientId, account) =>
      conditionMet(
        dynamodb.send(
          new DeleteItemCommand({
            TableName,
            Key: keyOf(clientId),
            ConditionExpression:
              isDeleted.expression + (account === undefined ? '' : ' AND account = :account'),
            ExpressionAttributeNames: isDeleted.names,
            ExpressionAttributeValues: marshall({
              ...isDeleted.values,
              ...(account !== undefined && { ':account': account }),
            }),
          }),
        ),
      ),
  };
}
