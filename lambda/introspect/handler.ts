import * as v from 'valibot';
import { authenticationContext, stageStores, verificationContext } from '../../src/capabilities.ts';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { introspectionRequest } from '../../src/http/endpoints/introspection.ts';
import { oauthDialects } from '../../src/http/error-response.ts';
import { currentSigner } from '../../src/keys/signing-keys.ts';
import { introspectionJwtType } from '../../src/oauth/introspection.ts';
import { readSecret, secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment(
  'STAGE',
  'ISSUER',
  'AUDIENCE',
  'DIALECT',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'SIGNING_KEYS_SECRET',
  'HASH_KEY_SECRET',
);
const secrets = secretsManager();
const stores = stageStores(env, secrets);

export const handler = endpoint({
  dialect: v.parse(v.picklist(oauthDialects), env.DIALECT),
  stage: env.STAGE,
  handle: introspectionRequest({
    ...authenticationContext(stores, env.ISSUER),
    ...verificationContext(stores, env.ISSUER),
    audience: env.AUDIENCE,
    introspectionSigner: currentSigner(
      () => readSecret(secrets, env.SIGNING_KEYS_SECRET),
      systemClock,
      introspectionJwtType,
    ),
  }),
});

await Promise.allSettled([stores.keys()]);
