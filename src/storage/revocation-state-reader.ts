import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { clientOfRecord } from '../clients/client-record.ts';
import { PublishedKeySet } from '../keys/published-key-set.ts';
import type { RevocationStateReader } from '../oauth/access-token-verification.ts';
import { batchGet, consistently } from './batch-get.ts';
import { itemKinds } from './item-kinds.ts';

const { client, keySet, revokedToken } = itemKinds;

/**
 * What may revoke JWTs: their clients, their revocations and the published keys, in one round trip. The read is
 * strongly consistent, because a revoked token must be refused at once.
 */
export function dynamodbRevocationStateReader(
  dynamodb: DynamoDBClient,
  { clientsTable, sessionsTable }: { readonly clientsTable: string; readonly sessionsTable: string },
): RevocationStateReader {
  return {
    async find(tokens) {
      const items = await batchGet(dynamodb, {
        [clientsTable]: consistently(
          keySet.prefix,
          ...tokens.map(({ clientId }) => client.prefix + clientId),
        ),
        [sessionsTable]: consistently(...tokens.map(({ jti }) => revokedToken.prefix + jti)),
      });
      const published = items.get(keySet.prefix);
      const clients = tokens.flatMap(({ clientId }) => {
        const found = clientOfRecord(items.get(client.prefix + clientId));
        return found ? [[clientId, found] as const] : [];
      });
      return {
        clients: new Map(clients),
        revoked: new Set(tokens.map(({ jti }) => jti).filter((jti) => items.has(revokedToken.prefix + jti))),
        keyIds: published ? v.parse(PublishedKeySet, published).keys.map(({ kid }) => kid) : [],
      };
    },
  };
}
