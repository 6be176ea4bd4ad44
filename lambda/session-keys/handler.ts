import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import type { Response } from '../../src/http/http-response.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { hashKeys } from '../../src/storage/hash-key-secret.ts';
import { secretsManager } from '../../src/storage/secrets.ts';
import { createKey } from './create.ts';
import { deleteKey } from './delete.ts';
import { listKeys } from './list.ts';
import { updateKey } from './update.ts';

const env = readEnvironment('STAGE', 'CLIENTS_TABLE', 'HASH_KEY_SECRET');
const database = dynamodb();
const keys = hashKeys(secretsManager(), env.HASH_KEY_SECRET);
const context = {
  clients: dynamodbClientStore(database, env.CLIENTS_TABLE),
  accounts: dynamodbAccountStore(database, env.CLIENTS_TABLE),
  secretKey: async () => (await keys()).clientSecret,
  clock: systemClock,
};

const operations = { GET: listKeys, POST: createKey, PUT: updateKey, DELETE: deleteKey };
const byMethod = new Map(
  Object.entries(operations).map(([method, operation]) => [
    method,
    endpoint({
      dialect: 'eqp',
      stage: env.STAGE,
      handle: ownAccount(context.accounts, operation(context)),
    }),
  ]),
);

/** `/rest/v1/users/{mage_id}/keys`, with or without the id of a key after it. */
export async function handler(event: APIGatewayProxyEventV2): Promise<Response> {
  const operation = byMethod.get(event.requestContext.http.method);
  if (!operation) throw new Error('API Gateway routes a request here that has no handler');
  return operation(event);
}
