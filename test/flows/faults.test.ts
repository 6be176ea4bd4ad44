import assert from 'node:assert/strict';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { afterAll, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { dynamodbClient, secretsManagerClient } from '../../local/clients.ts';
import { startDynamoDB } from '../../local/dynamodb/dynamodb.ts';
import { localAccessControl, operatorAccessKeyId } from '../../local/iam/access-control.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { registerAccount } from '../../src/clients/account-registration.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { rotateSigningKeySet } from '../../src/keys/rotation.ts';
import { publicKeys } from '../../src/keys/signing-key-set.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';
import { basic } from './wire.ts';

const accessControl = localAccessControl();
const database = await startDynamoDB(undefined, accessControl.decide);
const secrets = await startSecretsManager({
  file: undefined,
  decide: accessControl.decide,
  invokeRotation: () => assert.fail('nothing rotates here'),
});
const stores = { database: true, secrets: true };
const close = {
  async database() {
    if (stores.database) await database.close();
    stores.database = false;
  },
  async secrets() {
    if (stores.secrets) await secrets.close();
    stores.secrets = false;
  },
};
afterAll(() => Promise.all([close.database(), close.secrets()]));

const dynamodb = dynamodbClient(database.endpoint);
const secretsManager = secretsManagerClient(secrets.endpoint);
const keySet = await rotateSigningKeySet(undefined, { algorithm: 'RS256', longestTokenLifetime: 14_400 }, 0);
for (const [Name, SecretString] of [
  ['hash-key', 'h'.repeat(64)],
  ['signing-keys', JSON.stringify(keySet)],
] as const) {
  await secretsManager.send(new CreateSecretCommand({ Name, SecretString }));
}
for (const TableName of ['clients', 'sessions']) {
  await dynamodb.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
}
await dynamodbPublishedKeySetStore(dynamodb, 'clients').put({ keys: publicKeys(keySet, Date.now() / 1000) });
const context = {
  clients: dynamodbClientStore(dynamodb, 'clients'),
  accounts: dynamodbAccountStore(dynamodb, 'clients'),
  secretKey: async () => deriveHashKeys('h'.repeat(64)).clientSecret,
  clock: () => Math.floor(Date.now() / 1000),
};
const person = { firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com', mageId: 'MAG1' };
expect((await registerAccount(person, context)).ok).toBe(true);
const common = { name: 'Partner', kind: 'integration', defaultScopes: [], claims: {} } as const;
const integration = await registerClient({ ...common, scopes: ['a'], defaultScopes: ['a'] }, context);
const sessionKey = await registerClient({ ...common, scopes: [], account: 'MAG1' }, context);
assert.ok(integration.ok && sessionKey.ok);

Object.assign(process.env, {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: operatorAccessKeyId,
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
  AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
  STAGE: 'sandbox',
  ISSUER: 'https://sandbox.example.com',
  AUDIENCE: 'https://sandbox.example.com',
  CLIENTS_TABLE: 'clients',
  SESSIONS_TABLE: 'sessions',
  SIGNING_KEYS_SECRET: 'signing-keys',
  HASH_KEY_SECRET: 'hash-key',
  ROUTE_SCOPES: '{}',
  DENIALS: 'integration',
  DIALECT: 'rfc6749',
  DPOP_NONCES: 'false',
  AUTHORIZER_RESULTS_CACHED: 'false',
  SIGNING_ALGORITHM: 'RS256',
  TOKEN_POLICY: JSON.stringify({
    accessTokenLifetime: { integration: 7_200, sales_channel: 14_400 },
    maximumAccessTokenLifetime: 14_400,
    sessionLifetime: { default: 7_200, maximum: 7_200 },
    organization: { id: 'o', slug: 's', enterprise: false, region: 'eu-west-1' },
    test: true,
  }),
});

/** Runs a function from its start, as a cold one; what it logs is left out of the report. */
async function cold(folder: string) {
  cold.count += 1;
  const module = (await import(`../../lambda/${folder}/handler.ts?cold=${cold.count}`)) as {
    handler: (event: unknown) => Promise<{
      statusCode?: number;
      headers?: Record<string, string>;
      body?: string;
      context?: Record<string, string>;
    }>;
  };
  return module.handler;
}
cold.count = 0;

const event = (rawPath: string, authorization: string, body: object = {}) =>
  ({
    rawPath,
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify(body),
    requestContext: { requestId: 'r', http: { method: 'POST' } },
  }) as unknown as APIGatewayProxyEventV2;

const { client, secret = '' } = integration.value;
const tokenEvent = event('/oauth/token', basic(client.id, secret), { grant_type: 'client_credentials' });
const key = sessionKey.value;
const sessionEvent = event('/rest/v1/app/session/token', basic(key.client.id, key.secret ?? ''), {
  grant_type: 'session',
});
const jwksEvent = event('/.well-known/jwks.json', '');

const warm = {
  token: await cold('token'),
  session: await cold('session-token'),
  wellKnown: await cold('well-known'),
  authorizer: await cold('authorizer'),
};

function assertUnavailable(answer: { statusCode?: number; headers?: Record<string, string>; body?: string }) {
  assert.equal(answer.statusCode, 503, answer.body);
  expect(answer.headers?.['retry-after']).toBe('2');
}

// The tests are in the order in which things go down.

test('with everything up every function answers', async () => {
  for (const answer of [
    await warm.token(tokenEvent),
    await warm.session(sessionEvent),
    await warm.wellKnown(jwksEvent),
  ]) {
    assert.equal(answer.statusCode, 200, answer.body);
  }
});

test('Secrets Manager down: warm functions go on, cold ones say 503, verification needs it not', async () => {
  const { access_token } = JSON.parse((await warm.token(tokenEvent)).body ?? '');
  await close.secrets();
  expect((await warm.token(tokenEvent)).statusCode).toBe(200);
  expect((await warm.session(sessionEvent)).statusCode).toBe(200);
  assertUnavailable(await (await cold('token'))(tokenEvent));
  assertUnavailable(await (await cold('session-token'))(sessionEvent));
  expect((await (await cold('well-known'))(jwksEvent)).statusCode).toBe(200);
  const authorizer = await cold('authorizer');
  const { context: caller } = await authorizer(event('/x', `Bearer ${access_token}`));
  expect(caller?.['client_id']).toBe(client.id);
});

test('DynamoDB down: 503 with Retry-After, and nobody is let in or told that a token is bad', async () => {
  const { access_token } = JSON.parse((await warm.token(tokenEvent)).body ?? '');
  const { ust } = JSON.parse((await warm.session(sessionEvent)).body ?? '');
  await close.database();
  assertUnavailable(await warm.token(tokenEvent));
  assertUnavailable(await warm.session(sessionEvent));
  assertUnavailable(await warm.wellKnown(jwksEvent));
  for (const token of [access_token, ust]) {
    const { context: denial } = await warm.authorizer(event('/x', `Bearer ${token}`));
    expect(denial).toStrictEqual({ error: 'temporarily_unavailable' });
  }
});
