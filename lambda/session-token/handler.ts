import { clientAuthenticator } from '../../src/capabilities/client-authentication.ts';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { sessionTokenEndpoint } from '../../src/http/endpoints/session-token.ts';
import { parseTokenPolicy } from '../../src/oauth/stage-policies.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { readHashKeys, secretsManager } from '../../src/storage/secrets.ts';
import { dynamodbSessionStore } from '../../src/storage/session-store.ts';

const env = readEnvironment(
  'STAGE',
  'RESTORE_CHALLENGES',
  'ISSUER',
  'CLIENT_ASSERTIONS',
  'TOKEN_POLICY',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
);
const { log, observe } = functionLog({ stage: env.STAGE });
const hashKeys = readHashKeys(secretsManager(), env.HASH_KEY_SECRET);
const resources = { env, dynamodb: dynamodb(), hashKeys, log };

export const handler = observe(
  endpoint({
    dialect: 'eqp',
    stage: env.STAGE,
    restoreChallenges: env.RESTORE_CHALLENGES === 'true',
    log,
    handle: sessionTokenEndpoint({
      authenticateClient: clientAuthenticator(resources),
      accounts: dynamodbAccountStore(resources.dynamodb, env.CLIENTS_TABLE),
      sessions: dynamodbSessionStore(resources.dynamodb, env.SESSIONS_TABLE),
      tagKey: async () => (await hashKeys()).sessionToken,
      policy: parseTokenPolicy(env.TOKEN_POLICY),
      clock: systemClock,
      log,
    }),
  }),
);

await Promise.allSettled([hashKeys()]);
