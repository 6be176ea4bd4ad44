import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { wellKnownRequest } from '../../src/http/well-known-request.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/dynamodb-published-key-set-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';

const env = readEnvironment('STAGE', 'ISSUER', 'SIGNING_ALGORITHM', 'CLIENTS_TABLE');

export const handler = endpoint({
  dialect: 'rfc6749',
  stage: env.STAGE,
  handle: wellKnownRequest({
    issuer: env.ISSUER,
    signingAlgorithm: env.SIGNING_ALGORITHM,
    keySet: dynamodbPublishedKeySetStore(dynamodb(), env.CLIENTS_TABLE),
  }),
});
