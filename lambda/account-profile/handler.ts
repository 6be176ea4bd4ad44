import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { readAccountProfile } from '../../src/http/endpoints/account-profile.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import { jsonLog } from '../../src/log.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';

const env = readEnvironment('STAGE', 'RESTORE_CHALLENGES', 'CLIENTS_TABLE');

export const handler = endpoint({
  dialect: 'eqp',
  stage: env.STAGE,
  restoreChallenges: env.RESTORE_CHALLENGES === 'true',
  log: jsonLog(process.stdout),
  handle: ownAccount(dynamodbAccountStore(dynamodb(), env.CLIENTS_TABLE), readAccountProfile),
});
