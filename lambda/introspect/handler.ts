import * as v from 'valibot';
import { accessTokenKind } from '../../src/capabilities/access-tokens.ts';
import { clientAuthenticator } from '../../src/capabilities/client-authentication.ts';
import { sessionTokenKind } from '../../src/capabilities/session-tokens.ts';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint, requestCompleted } from '../../src/http/endpoint.ts';
import { introspectionEndpoint } from '../../src/http/endpoints/introspection.ts';
import { currentSigner } from '../../src/keys/current-signer.ts';
import { dialectNames } from '../../src/oauth/dialect.ts';
import { introspectionJwtType } from '../../src/oauth/introspection.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { readHashKeys, secretsManager } from '../../src/storage/secrets.ts';
import { readSigningKeySet } from '../../src/storage/signing-key-set-store.ts';

const env = readEnvironment(
  'STAGE',
  'RESTORE_CHALLENGES',
  'ISSUER',
  'CLIENT_ASSERTIONS',
  'AUDIENCE',
  'DIALECT',
  'ACCESS_TOKEN_TYPE',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'SIGNING_KEYS_SECRET',
  'HASH_KEY_SECRET',
);
const { log, observe } = functionLog({ stage: env.STAGE });
const secrets = secretsManager();
const hashKeys = readHashKeys(secrets, env.HASH_KEY_SECRET);
const resources = { env, dynamodb: dynamodb(), hashKeys, log };
const { verifyToken } = tokenVerification([accessTokenKind(resources), sessionTokenKind(resources)]);

export const handler = observe(
  endpoint({
    dialect: v.parse(v.picklist(dialectNames), env.DIALECT),
    stage: env.STAGE,
    restoreChallenges: env.RESTORE_CHALLENGES === 'true',
    log,
    handle: introspectionEndpoint({
      authenticateClient: clientAuthenticator(resources),
      verifyToken,
      issuer: env.ISSUER,
      audience: env.AUDIENCE,
      introspectionSigner: currentSigner(readSigningKeySet(secrets, env.SIGNING_KEYS_SECRET), {
        clock: systemClock,
        log,
        typ: introspectionJwtType,
      }),
      clock: systemClock,
    }),
  }),
  requestCompleted,
);

await Promise.allSettled([hashKeys()]);
