import { randomUUID } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { ReplayStore } from '../oauth/replay-store.ts';
import { conditionMet } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

/** Uses in DynamoDB, one item each, which the condition of its write allows to be written once. */
export function dynamodbReplayStore(dynamodb: DynamoDBClient, TableName: string): ReplayStore {
  return {
    firstUse(hash, expiresAt, now) {
      const writer = randomUUID();
      return conditionMet(
        dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: marshall({ pk: itemKinds.use.prefix + hash, expiresAt, writer }),
            // DynamoDB deletes an expired item days late, so it counts as deleted. The SDK repeats a write whose
            // response was lost, which must not be taken for a second use.
            ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now OR writer = :writer',
            ExpressionAttributeValues: marshall({ ':now': now, ':writer': writer }),
          }),
        ),
      );
    },
  };
}
