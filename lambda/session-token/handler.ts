import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { sessionRequest } from '../../src/http/session-request.ts';
import { parseTokenPolicy } from '../../src/oauth/token-policy.ts';
import { dynamodbClientStore } from '../../src/storage/dynamodb-client-store.ts';
import { dynamodbSessionStore } from '../../src/storage/dynamodb-session-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { hashKeys } from '../../src/storage/hash-key-secret.ts';
import { secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment('STAGE', 'TOKEN_POLICY', 'CLIENTS_TABLE', 'SESSIONS_TABLE', 'HASH_KEY_SECRET');
const database = dynamodb();
const keys = hashKeys(secretsManager(), env.HASH_KEY_SECRET);

export const handler = endpoint({
  dialect: 'eqp',
  stage: env.STAGE,
  handle: sessionRequest({
    clients: dynamodbClientStore(database, env.CLIENTS_TABLE),
    sessions: dynamodbSessionStore(database, env.SESSIONS_TABLE),
    secretKey: async () => (await keys()).clientSecret,
    tagKey: async () => (await keys()).sessionToken,
    policy: parseTokenPolicy(env.TOKEN_POLICY),
    clock: systemClock,
  }),
});

await Promise.allSettled([keys()]);
