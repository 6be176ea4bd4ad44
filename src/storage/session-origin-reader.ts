import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { Account } from '../clients/account.ts';
import { parseClientRecord } from '../clients/client-record.ts';
import type { SessionOriginReader } from '../sessions/session-verification.ts';
import { batchGet, consistently } from './batch-get.ts';
import { itemKinds } from './item-kinds.ts';

/**
 * Session keys and accounts in DynamoDB. The read is strongly consistent, because a session that was ended must be
 * refused at once.
 */
export const dynamodbSessionOriginReader = (
  dynamodb: DynamoDBClient,
  clientsTable: string,
): SessionOriginReader => ({
  async find({ clientId, account }) {
    const [keyOfClient, keyOfAccount] = [
      itemKinds.client.prefix + clientId,
      itemKinds.account.prefix + account,
    ];
    const items = await batchGet(dynamodb, { [clientsTable]: consistently(keyOfClient, keyOfAccount) });
    const found = items.get(keyOfAccount);
    return {
      sessionKey: parseClientRecord(items.get(keyOfClient)),
      account: found && v.parse(Account, found),
    };
  },
});
