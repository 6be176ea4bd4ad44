import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint, requestCompleted } from '../../src/http/endpoint.ts';
import { readAccountProfile } from '../../src/http/endpoints/account-profile.ts';
import { ownAccount } from '../../src/http/own-account.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';

const env = readEnvironment('STAGE', 'RESTORE_CHALLENGES', 'CLIENTS_TABLE');
const { log, observe } = functionLog({ stage: env.STAGE });

export const handler = observe(
  endpoint({
    dialect: 'eqp',
    stage: env.STAGE,
    restoreChallenges: env.RESTORE_CHALLENGES === 'true',
    log,
    handle: ownAccount(dynamodbAccountStore(dynamodb(), env.CLIENTS_TABLE), readAccountProfile),
  }),
  requestCompleted,
);
