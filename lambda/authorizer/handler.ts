import * as v from 'valibot';
import { dpopContext, stageStores, verificationContext } from '../../src/capabilities.ts';
import { readEnvironment } from '../../src/env.ts';
import { authorizer } from '../../src/http/authorizer.ts';
import { secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment(
  'ISSUER',
  'AUDIENCE',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'HASH_KEY_SECRET',
  'ROUTE_SCOPES',
  'DENIALS',
  'DPOP_NONCES',
  'ANSWERS_ARE_REUSED',
);
const stores = stageStores(env, secretsManager());

export const handler = authorizer({
  routeScopes: v.parse(v.record(v.string(), v.string()), JSON.parse(env.ROUTE_SCOPES)),
  denials: v.parse(v.picklist(['gateway', 'integration']), env.DENIALS),
  answersAreReused: env.ANSWERS_ARE_REUSED === 'true',
  context: {
    ...verificationContext(stores, env.ISSUER),
    ...dpopContext(stores, env.DPOP_NONCES === 'true'),
    audience: env.AUDIENCE,
  },
});

await Promise.allSettled([stores.keys()]);
