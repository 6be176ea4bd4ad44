import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { ask, holds } from '../../src/storage/dynamodb.ts';
import { Subscription } from './subscription.ts';

export interface SubscriptionStore {
  find(clientId: string, externalSubscriptionId: string): Promise<Subscription | undefined>;
  /** False where the client has one with this external id. */
  create(clientId: string, subscription: Subscription): Promise<boolean>;
}

const keyOf = (clientId: string, externalId: string) =>
  marshall({ pk: `subscription#${encodeURIComponent(clientId)}#${externalId}` });

/** Subscriptions in DynamoDB, each under its client: no partner's id meets another's. */
export function dynamodbSubscriptionStore(dynamodb: DynamoDBClient, TableName: string): SubscriptionStore {
  return {
    async find(clientId, externalSubscriptionId) {
      const Key = keyOf(clientId, externalSubscriptionId);
      const { Item } = await ask(dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })));
      return Item && v.parse(Subscription, unmarshall(Item));
    },

    create: (clientId, subscription) =>
      holds(
        dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: { ...keyOf(clientId, subscription.externalSubscriptionId), ...marshall(subscription) },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),
  };
}
