import * as v from 'valibot';
import { accessTokenKind } from '../../src/capabilities/access-tokens.ts';
import { dpopProofVerifier } from '../../src/capabilities/dpop.ts';
import { sessionTokenKind } from '../../src/capabilities/session-tokens.ts';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { authorizer, denialModes } from '../../src/http/authorizer.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { readHashKeys, secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment(
  'STAGE',
  'ISSUER',
  'AUDIENCE',
  'ACCESS_TOKEN_TYPE',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
  'ROUTE_SCOPES',
  'DENIALS',
  'DPOP_NONCES',
  'AUTHORIZER_RESULTS_CACHED',
);
const { log, observe } = functionLog({ stage: env.STAGE });
const hashKeys = readHashKeys(secretsManager(), env.HASH_KEY_SECRET);
const resources = { env, dynamodb: dynamodb(), hashKeys };
const { verifyToken } = tokenVerification([accessTokenKind(resources), sessionTokenKind(resources)]);

export const handler = observe(
  authorizer({
    verifyToken,
    verifyDpopProof: dpopProofVerifier(resources),
    issuer: env.ISSUER,
    audience: env.AUDIENCE,
    routeScopes: v.parse(v.record(v.string(), v.nullable(v.string())), JSON.parse(env.ROUTE_SCOPES)),
    denials: v.parse(v.picklist(denialModes), env.DENIALS),
    resultsAreCached: env.AUTHORIZER_RESULTS_CACHED === 'true',
    log,
  }),
);

await Promise.allSettled([hashKeys()]);
