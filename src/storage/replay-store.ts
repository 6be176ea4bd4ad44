import { randomUUID } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { ReplayStore } from '../oauth/replay-store.ts';
import { holds } from './dynamodb.ts';

/** Uses in DynamoDB: `used#<hash>`, written once by a condition of the write itself. */
export function dynamodbReplayStore(dynamodb: DynamoDBClient, TableName: string): ReplayStore {
  return {
    firstUse(hash, expiresAt, now) {
      const writer = randomUUID();
      return holds(
        dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: marshall({ pk: `used#${hash}`, expiresAt, writer }),
            // The time to live collects an item days late: one that is over counts as gone.
            // An answer may be lost, and the client of the SDK write again: it must not meet itself.
            ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :now OR writer = :writer',
            ExpressionAttributeValues: marshall({ ':now': now, ':writer': writer }),
          }),
        ),
      );
    },
  };
}
