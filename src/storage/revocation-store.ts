import { BatchGetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { BatchGetItemCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Client } from '../clients/client.ts';
import { PublishedKeySet } from '../keys/published-key-set.ts';
import type { RevocationStateReader } from '../oauth/access-token-verification.ts';
import type { TokenRevoker } from '../oauth/revocation.ts';
import { hashSessionToken } from '../sessions/session-token.ts';
import { Unavailable } from '../unavailable.ts';
import { orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';
import { dynamodbSessionStore } from './session-store.ts';

const { client, keySet, revokedToken } = itemKinds;

/** Revokes tokens: a JWT is remembered until it expires, and a session is deleted. */
export function dynamodbTokenRevoker(dynamodb: DynamoDBClient, TableName: string): TokenRevoker {
  return {
    async revokeJwt(jti, expiresAt) {
      const Item = marshall({ pk: revokedToken.prefix + jti, expiresAt });
      await orUnavailable(dynamodb.send(new PutItemCommand({ TableName, Item })));
    },
    deleteSession: (token) => dynamodbSessionStore(dynamodb, TableName).delete(hashSessionToken(token)),
  };
}

const keysOf = (...keys: string[]) => ({
  Keys: [...new Set(keys)].map((pk) => marshall({ pk })),
  ConsistentRead: true,
});

/**
 * What may revoke JWTs: their clients, their revocations and the published keys, in one round trip. The read is
 * strongly consistent, because a revoked token must be refused at once.
 */
export function dynamodbRevocationStateReader(
  dynamodb: DynamoDBClient,
  { clientsTable, sessionsTable }: { readonly clientsTable: string; readonly sessionsTable: string },
): RevocationStateReader {
  /** A throttled table leaves keys unprocessed. They must not be taken for missing, so they are read again, once. */
  const getAll = async (wanted: NonNullable<BatchGetItemCommandInput['RequestItems']>) => {
    let RequestItems = wanted;
    const items: Record<string, unknown>[] = [];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { Responses = {}, UnprocessedKeys = {} } = await orUnavailable(
        dynamodb.send(new BatchGetItemCommand({ RequestItems })),
      );
      items.push(
        ...Object.values(Responses)
          .flat()
          .map((item) => unmarshall(item)),
      );
      if (Object.keys(UnprocessedKeys).length === 0) return items;
      RequestItems = UnprocessedKeys;
    }
    throw new Unavailable('DynamoDB', new Error('keys were left unprocessed'));
  };
  return {
    async find(tokens) {
      const items = await getAll({
        [clientsTable]: keysOf(keySet.prefix, ...tokens.map(({ clientId }) => client.prefix + clientId)),
        [sessionsTable]: keysOf(...tokens.map(({ jti }) => revokedToken.prefix + jti)),
      });
      const byKey = new Map(items.map((item) => [item['pk'], item]));
      const published = byKey.get(keySet.prefix);
      const clients = tokens.flatMap(({ clientId }) => {
        const item = byKey.get(client.prefix + clientId);
        return item ? [[clientId, v.parse(Client, item)] as const] : [];
      });
      return {
        clients: new Map(clients),
        revoked: new Set(tokens.map(({ jti }) => jti).filter((jti) => byKey.has(revokedToken.prefix + jti))),
        keyIds: published ? v.parse(PublishedKeySet, published).keys.map(({ kid }) => kid) : [],
      };
    },
  };
}
