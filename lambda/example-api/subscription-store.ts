import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { conditionMet, orUnavailable } from '../../src/storage/dynamodb.ts';
import { Subscription } from './subscription.ts';

export interface SubscriptionStore {
  find(clientId: string, externalSubscriptionId: string): Promise<Subscription | undefined>;
  /** False if the client already has a subscription with this external id. */
  create(clientId: string, subscription: Subscription): Promise<boolean>;
}

const keyOf = (clientId: string, externalId: string) =>
  marshall({ pk: `subscription#${encodeURIComponent(clientId)}#${externalId}` });

/** Subscriptions in DynamoDB. The key contains the client id, so that ids of different partners never collide. */
export function dynamodbSubscriptionStore(dynamodb: DynamoDBClient, TableName: string): SubscriptionStore {
  return {
    async find(clientId, externalSubscriptionId) {
      const Key = keyOf(clientId, externalSubscriptionId);
      const { Item } = await orUnavailable(
        dynamodb.send(new GetItemCommand({ TableName, Key, ConsistentRead: true })),
      );
      return Item && v.parse(Subscription, unmarshall(Item));
    },

    create: (clientId, subscription) =>
      conditionMet(
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
