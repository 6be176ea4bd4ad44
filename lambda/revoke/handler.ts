import * as v from 'valibot';
import { accessTokenKind } from '../../src/capabilities/access-tokens.ts';
import { clientAuthenticator } from '../../src/capabilities/client-authentication.ts';
import { sessionTokenKind } from '../../src/capabilities/session-tokens.ts';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { revocationEndpoint } from '../../src/http/endpoints/revocation.ts';
import { dialectNames, dialects } from '../../src/oauth/dialect.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { readHashKeys, secretsManager } from '../../src/storage/secrets.ts';
import { dynamodbTokenRevoker } from '../../src/storage/token-revoker.ts';

const env = readEnvironment(
  'STAGE',
  'RESTORE_CHALLENGES',
  'ISSUER',
  'CLIENT_ASSERTIONS',
  'DIALECT',
  'ACCESS_TOKEN_TYPE',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
);
const { log, observe } = functionLog({ stage: env.STAGE });
const hashKeys = readHashKeys(secretsManager(), env.HASH_KEY_SECRET);
const resources = { env, dynamodb: dynamodb(), hashKeys, log };
const dialect = v.parse(v.picklist(dialectNames), env.DIALECT);
const { recognizeToken } = tokenVerification([accessTokenKind(resources), sessionTokenKind(resources)]);

export const handler = observe(
  endpoint({
    dialect,
    stage: env.STAGE,
    restoreChallenges: env.RESTORE_CHALLENGES === 'true',
    log,
    handle: revocationEndpoint({
      authenticateClient: clientAuthenticator(resources),
      recognizeToken,
      revoker: dynamodbTokenRevoker(resources.dynamodb, env.SESSIONS_TABLE),
      dialect: dialects[dialect],
      log,
    }),
  }),
);

await Promise.allSettled([hashKeys()]);
