import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { TokenRevoker } from '../oauth/revocation.ts';
import { hashSessionToken } from '../sessions/session-token.ts';
import { orUnavailable } from './dynamodb.ts';
import { itemKinds } from './item-kinds.ts';
import { dynamodbSessionStore } from './session-store.ts';

/** Revokes tokens: a JWT is remembered until it expires, and a session is deleted. */
export function dynamodbTokenRevoker(dynamodb: DynamoDBClient, TableName: string): TokenRevoker {
  return {
    async revokeJwt(jti, expiresAt) {
      const Item = marshall({ pk: itemKinds.revokedToken.prefix + jti, expiresAt });
      await orUnavailable(dynamodb.send(new PutItemCommand({ TableName, Item })));
    },
    deleteSession: (token) => dynamodbSessionStore(dynamodb, TableName).delete(hashSessionToken(token)),
  };
}
