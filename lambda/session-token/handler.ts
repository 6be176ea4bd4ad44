import { authenticationContext, stageStores } from '../../src/capabilities.ts';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { sessionRequest } from '../../src/http/endpoints/session-token.ts';
import { parseTokenPolicy } from '../../src/oauth/token-policy.ts';
import { secretsManager } from '../../src/storage/secrets.ts';
import { dynamodbSessionStore } from '../../src/storage/session-store.ts';

const env = readEnvironment(
  'STAGE',
  'ISSUER',
  'TOKEN_POLICY',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
);
const stores = stageStores(env, secretsManager());

export const handler = endpoint({
  dialect: 'eqp',
  stage: env.STAGE,
  handle: sessionRequest({
    ...authenticationContext(stores, env.ISSUER),
    sessions: dynamodbSessionStore(stores.database, env.SESSIONS_TABLE),
    tagKey: async () => (await stores.keys()).sessionToken,
    policy: parseTokenPolicy(env.TOKEN_POLICY),
  }),
});

await Promise.allSettled([stores.keys()]);
