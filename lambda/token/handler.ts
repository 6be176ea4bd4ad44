import * as v from 'valibot';
import {
  authenticationContext,
  dpopContext,
  stageStores,
  verificationContext,
} from '../../src/capabilities.ts';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { tokenRequest } from '../../src/http/endpoints/token.ts';
import { oauthDialects } from '../../src/http/error-response.ts';
import { currentSigner } from '../../src/keys/signing-keys.ts';
import { parseTokenPolicy } from '../../src/oauth/token-policy.ts';
import { verifyToken } from '../../src/oauth/token-verification.ts';
import { readSecret, secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment(
  'STAGE',
  'ISSUER',
  'AUDIENCE',
  'DIALECT',
  'DPOP_NONCES',
  'TOKEN_POLICY',
  'CLIENTS_TABLE',
  'SESSIONS_TABLE',
  'SIGNING_KEYS_SECRET',
  'HASH_KEY_SECRET',
);
const secrets = secretsManager();
const signer = currentSigner(() => readSecret(secrets, env.SIGNING_KEYS_SECRET), systemClock);
const stores = stageStores(env, secrets);
const verification = verificationContext(stores, env.ISSUER);

export const handler = endpoint({
  dialect: v.parse(v.picklist(oauthDialects), env.DIALECT),
  stage: env.STAGE,
  handle: tokenRequest({
    ...authenticationContext(stores, env.ISSUER),
    ...dpopContext(stores, env.DPOP_NONCES === 'true'),
    issuer: { issuer: env.ISSUER, audience: env.AUDIENCE, policy: parseTokenPolicy(env.TOKEN_POLICY) },
    verifyToken: (token) => verifyToken(token, verification),
    signer,
  }),
});

// Lambda gives the start of a function its full CPU: the keys are fetched and parsed there, and a failure is
// met again, and answered, at the first request.
await Promise.allSettled([stores.keys(), signer()]);
