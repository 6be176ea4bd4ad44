import { BatchGetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { BatchGetItemCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import * as v from 'valibot';
import { Client } from '../clients/client.ts';
import { PublishedKeySet } from '../keys/published-key-set.ts';
import type { TokenRevoker } from '../oauth/revocation.ts';
import type { JwtStateReader } from '../oauth/token-verification.ts';
import { Unavailable } from '../unavailable.ts';
import { clientPrefix } from './client-store.ts';
import { ask } from './dynamodb.ts';
import { keySetKey } from './published-key-set-store.ts';
import { dynamodbSessionStore } from './session-store.ts';

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

const keysOf = (...keys: string[]) => ({
  Keys: [...new Set(keys)].map((pk) => marshall({ pk })),
  ConsistentRead: true,
});

/**
 * What may have ended JWTs: their clients, their revocations and the published keys, in one round trip. Strongly
 * consistent, because a token must be refused at once when it was revoked.
 */
export function dynamodbJwtStateReader(
  dynamodb: DynamoDBClient,
  { clientsTable, sessionsTable }: { readonly clientsTable: string; readonly sessionsTable: string },
): JwtStateReader {
  /** A throttled table leaves keys out, which must not pass for what is not there: they are asked for again, once. */
  const getAll = async (wanted: NonNullable<BatchGetItemCommandInput['RequestItems']>) => {
    let RequestItems = wanted;
    const items: Record<string, unknown>[] = [];
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const { Responses = {}, UnprocessedKeys = {} } = await ask(
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
        [clientsTable]: keysOf(keySetKey, ...tokens.map(({ clientId }) => clientPrefix + clientId)),
        [sessionsTable]: keysOf(...tokens.map(({ jti }) => revokedPrefix + jti)),
      });
      const byKey = new Map(items.map((item) => [item['pk'], item]));
      const keySet = byKey.get(keySetKey);
      const clients = tokens.flatMap(({ clientId }) => {
        const client = byKey.get(clientPrefix + clientId);
        return client ? [[clientId, v.parse(Client, client)] as const] : [];
      });
      return {
        clients: new Map(clients),
        revoked: new Set(tokens.map(({ jti }) => jti).filter((jti) => byKey.has(revokedPrefix + jti))),
        keyIds: keySet ? v.parse(PublishedKeySet, keySet).keys.map(({ kid }) => kid) : [],
      };
    },
  };
}
