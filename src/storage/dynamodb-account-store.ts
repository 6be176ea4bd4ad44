import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Account, maximumSessionKeys } from '../oauth/account.ts';
import type { AccountStore } from './account-store.ts';
import { ask, holds } from './dynamodb.ts';

const keyOf = (mageId: string) => marshall({ pk: `account#${mageId}` });

/** Accounts in DynamoDB: one item each, `account#<mage_id>`. */
export function dynamodbAccountStore(dynamodb: DynamoDBClient, TableName: string): AccountStore {
  const find = async (mageId: string) => {
    const { Item } = await ask(
      dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(mageId), ConsistentRead: true })),
    );
    return Item && v.parse(Account, unmarshall(Item));
  };

  return {
    find,

    create: (account) =>
      holds(
        dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: { ...keyOf(account.mageId), ...marshall(account) },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),

    async addSessionKey(mageId, clientId) {
      const added = await holds(
        dynamodb.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(mageId),
            UpdateExpression: 'SET sessionKeys = list_append(sessionKeys, :key)',
            ConditionExpression:
              'attribute_exists(pk) AND size(sessionKeys) < :maximum AND NOT contains(sessionKeys, :id)',
            ExpressionAttributeValues: marshall({
              ':key': [clientId],
              ':id': clientId,
              ':maximum': maximumSessionKeys,
            }),
          }),
        ),
      );
      if (added) return 'added';
      const account = await find(mageId);
      if (!account) return 'unknown_account';
      return account.sessionKeys.includes(clientId) ? 'added' : 'full';
    },

    async removeSessionKey(mageId, clientId) {
      // A list loses an element by its index: read where it is, and remove it only if it is still there.
      for (;;) {
        const index = (await find(mageId))?.sessionKeys.indexOf(clientId) ?? -1;
        if (index < 0) return;
        const removed = await holds(
          dynamodb.send(
            new UpdateItemCommand({
              TableName,
              Key: keyOf(mageId),
              UpdateExpression: `REMOVE sessionKeys[${index}]`,
              ConditionExpression: `sessionKeys[${index}] = :id`,
              ExpressionAttributeValues: marshall({ ':id': clientId }),
            }),
          ),
        );
        if (removed) return;
      }
    },
  };
}
