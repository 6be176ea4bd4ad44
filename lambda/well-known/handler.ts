import * as v from 'valibot';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint, readRoutes, requestCompleted, routes } from '../../src/http/endpoint.ts';
import type { RequestHandler } from '../../src/http/endpoint.ts';
import { wellKnownDocuments } from '../../src/http/endpoints/well-known.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';

const env = readEnvironment('STAGE', 'ISSUER', 'SIGNING_ALGORITHM', 'SCOPES_SUPPORTED', 'CLIENTS_TABLE');

const { log, observe } = functionLog({ stage: env.STAGE });
const documents = wellKnownDocuments({
  issuer: env.ISSUER,
  signingAlgorithm: env.SIGNING_ALGORITHM,
  scopes: v.parse(v.array(v.string()), JSON.parse(env.SCOPES_SUPPORTED)),
  keySet: dynamodbPublishedKeySetStore(dynamodb(), env.CLIENTS_TABLE),
});

const route = (handle: RequestHandler) => endpoint({ dialect: 'rfc6749', stage: env.STAGE, log, handle });

export const handler = observe(
  routes(
    Object.fromEntries(
      [...documents].flatMap(([path, handle]) => Object.entries(readRoutes(path, route(handle)))),
    ),
  ),
  requestCompleted,
);
