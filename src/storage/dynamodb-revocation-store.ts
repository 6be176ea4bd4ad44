import { BatchGetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { PublishedKeySet } from '../keys/published-key-set.ts';
import { Client } from '../oauth/client.ts';
import type { TokenRevoker } from '../oauth/revocation.ts';
import type { JwtStateReader } from '../oauth/token-verification.ts';
import { Unavailable } from '../unavailable.ts';
import { clientPrefix } from './dynamodb-client-store.ts';
import { keySetKey } from './dynamodb-published-key-set-store.ts';
import { dynamodbSessionStore } from './dynamodb-session-store.ts';
import { ask } from './dynamodb.ts';

const revokedPrefix = 'revoked#';

/** Ends tokens: `revoked#<jti>` until the JWT would have run out; a session is deleted. */
export function dynamodbTokenRevoker(dynamodb: DynamoDBClient, TableName: string): TokenRevoker {
  return {
    async revokeJwt(jti, expiresAt) {
      const Item = marshall({ pk: revokedPrefix + jti, expiresAt });
      await ask(dynamodb.send(new PutItemCommand({ TableName, Item })));
    },
    endSession: (tokenHash) => dynamodbSessionStore(dynamodb, TableName).delete(tokenHash),
  };
}

/**
 * What may have ended a JWT: its client, its revocation and the published keys, in one round trip. Strongly
 * consistent, because a token must be refused at once when it was revoked.
 */
export function dynamodbJwtStateReader(
  dynamodb: DynamoDBClient,
  { clientsTable, sessionsTable }: { readonly clientsTable: string; readonly sessionsTable: string },
): JwtStateReader {
  return {
    async find(clientId, jti) {
      const keys = {
        client: { pk: clientPrefix + clientId },
        keySet: { pk: keySetKey },
        revoked: { pk: revokedPrefix + jti },
      };
      const { Responses = {}, UnprocessedKeys = {} } = await ask(
        dynamodb.send(
          new BatchGetItemCommand({
            RequestItems: {
              [clientsTable]: { Keys: [marshall(keys.client), marshall(keys.keySet)], ConsistentRead: true },
              [sessionsTable]: { Keys: [marshall(keys.revoked)], ConsistentRead: true },
            },
          }),
        ),
      );
      // What a throttled table leaves out must not pass for what is not there.
      if (Object.keys(UnprocessedKeys).length > 0) {
        throw new Unavailable('DynamoDB', new Error('keys were left unprocessed'));
      }
      const items = Object.values(Responses)
        .flat()
        .map((item) => unmarshall(item));
      const itemOf = ({ pk }: { pk: string }) => items.find((item) => item['pk'] === pk);
      const client = itemOf(keys.client);
      const keySet = itemOf(keys.keySet);
      return {
        client: client && v.parse(Client, client),
        revoked: itemOf(keys.revoked) !== undefined,
        keyIds: keySet ? v.parse(PublishedKeySet, keySet).keys.map(({ kid }) => kid) : [],
      };
    },
  };
}
