import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { sessionRequest } from '../../src/http/session-request.ts';
import { parseTokenPolicy } from '../../src/oauth/token-policy.ts';
import { dynamodbSessionStore } from '../../src/storage/dynamodb-session-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { hashKeys } from '../../src/storage/hash-key-secret.ts';
import { secretsManager } from '../../src/storage/secrets.ts';
import { authenticationContext } from '../../src/storage/stage-stores.ts';

const env = readEnvironment(
  'STAGE',
  'ISSUER',
  'TOKEN_POLICY',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
);
const database = dynamodb();
const keys = hashKeys(secretsManager(), env.HASH_KEY_SECRET);
const stores = { database, clientsTable: env.CLIENTS_TABLE, sessionsTable: env.SESSIONS_TABLE, keys };

export const handler = endpoint({
  dialect: 'eqp',
  stage: env.STAGE,
  handle: sessionRequest({
    ...authenticationContext(stores, env.ISSUER),
    sessions: dynamodbSessionStore(database, env.SESSIONS_TABLE),
    tagKey: async () => (await keys()).sessionToken,
    policy: parseTokenPolicy(env.TOKEN_POLICY),
  }),
});

await Promise.allSettled([keys()]);
