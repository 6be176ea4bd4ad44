import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { wellKnownEndpoint } from '../../src/http/endpoints/well-known.ts';
import { jsonLog } from '../../src/log.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';

const env = readEnvironment('STAGE', 'ISSUER', 'SIGNING_ALGORITHM', 'CLIENTS_TABLE');

export const handler = endpoint({
  dialect: 'rfc6749',
  stage: env.STAGE,
  log: jsonLog(process.stdout),
  handle: wellKnownEndpoint({
    issuer: env.ISSUER,
    signingAlgorithm: env.SIGNING_ALGORITHM,
    keySet: dynamodbPublishedKeySetStore(dynamodb(), env.CLIENTS_TABLE),
  }),
});
