import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { readAccountProfile } from '../../src/http/endpoints/account-profile.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import { jsonLog } from '../../src/log.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';

const env = readEnvironment('STAGE', 'CLIENTS_TABLE');

export const handler = endpoint({
  dialect: 'eqp',
  stage: env.STAGE,
  log: jsonLog(process.stdout),
  handle: ownAccount(dynamodbAccountStore(dynamodb(), env.CLIENTS_TABLE), readAccountProfile),
});
