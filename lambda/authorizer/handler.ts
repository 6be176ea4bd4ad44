import * as v from 'valibot';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { authorizer } from '../../src/http/authorizer.ts';
import { verificationKeys } from '../../src/keys/verification-key.ts';
import { dynamodbClientStore } from '../../src/storage/dynamodb-client-store.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/dynamodb-published-key-set-store.ts';
import { dynamodbSessionStore } from '../../src/storage/dynamodb-session-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { hashKeys } from '../../src/storage/hash-key-secret.ts';
import { secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment(
  'ISSUER',
  'AUDIENCE',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
  'ROUTE_SCOPES',
  'DENIALS',
);
const database = dynamodb();
const keys = hashKeys(secretsManager(), env.HASH_KEY_SECRET);

export const handler = authorizer({
  routeScopes: v.parse(v.record(v.string(), v.string()), JSON.parse(env.ROUTE_SCOPES)),
  denials: v.parse(v.picklist(['gateway', 'integration']), env.DENIALS),
  verification: {
    issuer: env.ISSUER,
    audience: env.AUDIENCE,
    clients: dynamodbClientStore(database, env.CLIENTS_TABLE),
    sessions: dynamodbSessionStore(database, env.SESSIONS_TABLE),
    tagKey: async () => (await keys()).sessionToken,
    verificationKey: verificationKeys(dynamodbPublishedKeySetStore(database, env.CLIENTS_TABLE), systemClock),
    clock: systemClock,
  },
});

await Promise.allSettled([keys()]);
