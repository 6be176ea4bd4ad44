import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { PublishedKeySet } from '../keys/published-key-set.ts';
import type { RevocationStateReader } from '../oauth/access-token-verification.ts';
import type { TokenRevoker } from '../oauth/revocation.ts';
import { hashSessionToken } from '../sessions/session-token.ts';
import { batchGet, consistently } from './batch-get.ts';
import { clientOfItem } from './client-item.ts';
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
        const found = clientOfItem(items.get(client.prefix + clientId));
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
