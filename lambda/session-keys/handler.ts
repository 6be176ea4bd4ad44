import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint, readRoutes, requestCompleted, routes } from '../../src/http/endpoint.ts';
import {
  createSessionKey,
  deleteSessionKey,
  listSessionKeys,
  updateSessionKey,
} from '../../src/http/endpoints/session-keys.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import type { AccountOperation } from '../../src/http/own-account.ts';
import { parseTokenPolicy } from '../../src/oauth/stage-policies.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { readHashKeys, secretsManager } from '../../src/storage/secrets.ts';
import { dynamodbSubjectStore } from '../../src/storage/subject-store.ts';

const env = readEnvironment(
  'STAGE',
  'RESTORE_CHALLENGES',
  'TOKEN_POLICY',
  'CLIENTS_TABLE',
  'HASH_KEY_SECRET',
);
const { log, observe } = functionLog({ stage: env.STAGE });
const database = dynamodb();
const hashKeys = readHashKeys(secretsManager(), env.HASH_KEY_SECRET);
const accounts = dynamodbAccountStore(database, env.CLIENTS_TABLE);
const options = {
  clients: dynamodbClientStore(database, env.CLIENTS_TABLE),
  accounts,
  subjects: dynamodbSubjectStore(database, env.CLIENTS_TABLE),
  secretHashKey: async () => (await hashKeys()).clientSecret,
  clock: systemClock,
  longestSession: parseTokenPolicy(env.TOKEN_POLICY).sessionLifetime.maximum,
  log,
};

const route = (operation: AccountOperation) =>
  endpoint({
    dialect: 'eqp',
    stage: env.STAGE,
    restoreChallenges: env.RESTORE_CHALLENGES === 'true',
    log,
    handle: ownAccount(accounts, operation),
  });

const path = '/rest/v1/users/{mage_id}/access-keys';
const update = route(updateSessionKey(options));
const remove = route(deleteSessionKey(options));

export const handler = observe(
  routes({
    ...readRoutes(path, route(listSessionKeys(options))),
    [`POST ${path}`]: route(createSessionKey(options)),
    [`PUT ${path}`]: update,
    [`PUT ${path}/{application_id}`]: update,
    [`DELETE ${path}`]: remove,
    [`DELETE ${path}/{application_id}`]: remove,
  }),
  requestCompleted,
);
