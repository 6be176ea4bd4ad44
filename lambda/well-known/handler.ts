import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { wellKnownRequest } from '../../src/http/endpoints/well-known.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';

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
