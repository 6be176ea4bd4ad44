import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { wellKnownRequest } from '../../src/http/well-known-request.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/dynamodb-published-key-set-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';

const env = readEnvironment('STAGE', 'ISSUER', 'CLIENTS_TABLE');

export const handler = endpoint({
  dialect: 'rfc6749',
  stage: env.STAGE,
  handle: wellKnownRequest(env.ISSUER, dynamodbPublishedKeySetStore(dynamodb(), env.CLIENTS_TABLE)),
});
