import { GetItemCommand, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Account, maximumSessionKeys } from '../clients/account.ts';
import type { AccountStore } from '../clients/account.ts';
import { conditionMet, orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';

const keyOf = (mageId: string) => marshall({ pk: itemKinds.account.prefix + mageId });

/** Accounts in DynamoDB, one item each. */
export function dynamodbAccountStore(dynamodb: DynamoDBClient, TableName: string): AccountStore {
  const find = async (mageId: string) => {
    const { Item } = await orUnavailable(
      dynamodb.send(new GetItemCommand({ TableName, Key: keyOf(mageId), ConsistentRead: true })),
    );
    return Item && v.parse(Account, unmarshall(Item));
  };

  const change = (mageId: string, changes: Partial<Account>) =>
    conditionMet(
      dynamodb.send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf(mageId),
          UpdateExpression: `SET ${Object.keys(changes)
            .map((name) => `#${name} = :${name}`)
            .join(', ')}`,
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: Object.fromEntries(
            Object.keys(changes).map((name) => [`#${name}`, name]),
          ),
          ExpressionAttributeValues: marshall(
            Object.fromEntries(Object.entries(changes).map(([name, value]) => [`:${name}`, value])),
          ),
        }),
      ),
    );

  return {
    find,

    create: (account) =>
      conditionMet(
        dynamodb.send(
          new PutItemCommand({
            TableName,
            Item: { ...keyOf(account.mageId), ...marshall(account) },
            ConditionExpression: 'attribute_not_exists(pk)',
          }),
        ),
      ),

    async addSessionKey(mageId, clientId, now) {
      const added = await conditionMet(
        dynamodb.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(mageId),
            UpdateExpression: 'SET sessionKeys.#id = :now',
            ConditionExpression:
              'attribute_exists(pk) AND size(sessionKeys) < :maximum AND attribute_not_exists(sessionKeys.#id)',
            ExpressionAttributeNames: { '#id': clientId },
            ExpressionAttributeValues: marshall({ ':now': now, ':maximum': maximumSessionKeys }),
          }),
        ),
      );
      if (added) return 'added';
      const account = await find(mageId);
      if (!account) return 'unknown_account';
      return Object.hasOwn(account.sessionKeys, clientId) ? 'added' : 'full';
    },

    async removeSessionKey(mageId, clientId) {
      await conditionMet(
        dynamodb.send(
          new UpdateItemCommand({
            TableName,
            Key: keyOf(mageId),
            UpdateExpression: 'REMOVE sessionKeys.#id',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeNames: { '#id': clientId },
          }),
        ),
      );
    },

    disable: (mageId, sessionGeneration) => change(mageId, { status: 'disabled', sessionGeneration }),
    enable: (mageId) => change(mageId, { status: 'enabled' }),
  };
}
