import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { SubjectStore } from '../clients/subject.ts';
import { conditionMet } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

/** The ids of clients and accounts in DynamoDB, one item each. */
export const dynamodbSubjectStore = (dynamodb: DynamoDBClient, TableName: string): SubjectStore => ({
  claim: (id, kind) =>
    conditionMet(
      dynamodb.send(
        new PutItemCommand({
          TableName,
          Item: marshall({ pk: itemKinds.subject.prefix + id, kind }),
          ConditionExpression: 'attribute_not_exists(pk) OR #kind = :kind',
          ExpressionAttributeNames: { '#kind': 'kind' },
          ExpressionAttributeValues: marshall({ ':kind': kind }),
        }),
      ),
    ),
});
