import * as v from 'valibot';
import { accessTokenKind } from '../../src/capabilities/access-tokens.ts';
import { clientAuthenticator } from '../../src/capabilities/client-authentication.ts';
import { dpopProofVerifier } from '../../src/capabilities/dpop.ts';
import { withKeyAge } from '../../src/capabilities/key-age.ts';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { tokenEndpoint } from '../../src/http/endpoints/token.ts';
import { currentSigner } from '../../src/keys/current-signer.ts';
import { parseAccessTokenType } from '../../src/oauth/access-token-verification.ts';
import { dialectNames, dialects } from '../../src/oauth/dialect.ts';
import { parseTokenPolicy } from '../../src/oauth/stage-policies.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { dynamodbReplayStore } from '../../src/storage/replay-store.ts';
import { readHashKeys, secretsManager } from '../../src/storage/secrets.ts';
import { readSigningKeySet } from '../../src/storage/signing-key-set-store.ts';

const env = readEnvironment(
  'STAGE',
  'RESTORE_CHALLENGES',
  'ISSUER',
  'CLIENT_ASSERTIONS',
  'AUDIENCE',
  'DIALECT',
  'DPOP_NONCES',
  'TOKEN_POLICY',
  'ACCESS_TOKEN_TYPE',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'SIGNING_KEYS_SECRET',
  'HASH_KEY_SECRET',
);
const { log, observe } = functionLog({ stage: env.STAGE });
const secrets = secretsManager();
const keySet = withKeyAge(readSigningKeySet(secrets, env.SIGNING_KEYS_SECRET), { clock: systemClock, log });
const signer = currentSigner(keySet, {
  clock: systemClock,
  log,
  typ: parseAccessTokenType(env.ACCESS_TOKEN_TYPE),
});
const hashKeys = readHashKeys(secrets, env.HASH_KEY_SECRET);
const resources = { env, dynamodb: dynamodb(), hashKeys, log };
const clients = dynamodbClientStore(resources.dynamodb, env.CLIENTS_TABLE);
const dialect = v.parse(v.picklist(dialectNames), env.DIALECT);

export const handler = observe(
  endpoint({
    dialect,
    stage: env.STAGE,
    restoreChallenges: env.RESTORE_CHALLENGES === 'true',
    log,
    handle: tokenEndpoint({
      authenticateClient: clientAuthenticator(resources),
      verifyDpopProof: dpopProofVerifier(resources),
      // Only access tokens can be exchanged (RFC 8693).
      verifyToken: accessTokenKind(resources).verify,
      issuer: env.ISSUER,
      audience: env.AUDIENCE,
      policy: parseTokenPolicy(env.TOKEN_POLICY),
      dialect: dialects[dialect],
      findClient: (clientId) => clients.findNow(clientId),
      signer,
      replays: dynamodbReplayStore(resources.dynamodb, env.SESSIONS_TABLE),
      clock: systemClock,
      log,
    }),
  }),
);

// Lambda gives a function its full CPU while it starts, so the keys are fetched and parsed then. A failure is
// repeated at the first request, which responds to it.
await Promise.allSettled([hashKeys(), signer()]);
