import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import { tokenRequest } from '../../src/http/token-request.ts';
import { currentSigner } from '../../src/keys/signing-keys.ts';
import { parseTokenPolicy } from '../../src/oauth/token-policy.ts';
import { dynamodbClientStore } from '../../src/storage/dynamodb-client-store.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { hashKeys } from '../../src/storage/hash-key-secret.ts';
import { readSecret, secretsManager } from '../../src/storage/secrets.ts';

const env = readEnvironment(
  'STAGE',
  'ISSUER',
  'AUDIENCE',
  'TOKEN_POLICY',
  'CLIENTS_TABLE',
  'SIGNING_KEYS_SECRET',
  'HASH_KEY_SECRET',
);
const secrets = secretsManager();
const keys = hashKeys(secrets, env.HASH_KEY_SECRET);
const signer = currentSigner(() => readSecret(secrets, env.SIGNING_KEYS_SECRET), systemClock);

export const handler = endpoint({
  dialect: 'rfc6749',
  stage: env.STAGE,
  handle: tokenRequest({
    clients: dynamodbClientStore(dynamodb(), env.CLIENTS_TABLE),
    secretKey: async () => (await keys()).clientSecret,
    issuer: { issuer: env.ISSUER, audience: env.AUDIENCE, policy: parseTokenPolicy(env.TOKEN_POLICY) },
    signer,
    clock: systemClock,
  }),
});

// Lambda gives the start of a function its full CPU: the keys are fetched and parsed there, and a failure is
// met again, and answered, at the first request.
await Promise.allSettled([keys(), signer()]);
