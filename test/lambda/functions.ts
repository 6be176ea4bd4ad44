import assert from 'node:assert/strict';
import { CreateTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand } from '@aws-sdk/client-secrets-manager';
import { dynamodbClient, secretsManagerClient } from '../../local/clients.ts';
import { startDynamoDB } from '../../local/dynamodb/dynamodb.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { registerAccount } from '../../src/clients/account-registration.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { rotateSigningKeySet } from '../../src/keys/rotation.ts';
import { publicKeys } from '../../src/keys/signing-key-set.ts';
import { dynamodbAccountStore } from '../../src/storage/account-store.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';
import { dynamodbSubjectStore } from '../../src/storage/subject-store.ts';

interface FunctionResponse {
  readonly statusCode?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly isAuthorized?: boolean;
  readonly context?: Record<string, string>;
}
type FunctionHandler = (event: unknown) => Promise<FunctionResponse>;

const issuer = 'https://sandbox.example.com';

/** The services that the functions of a stage use, and the environment in which the functions find them. */
export async function startFunctionServices() {
  const operator = newAccessKey();
  const control = localAccessControl(operator);
  const database = await startDynamoDB(undefined, control);
  const secrets = await startSecretsManager({
    file: undefined,
    control,
    invokeRotation: () => assert.fail('nothing rotates here'),
  });
  const dynamodb = dynamodbClient(database.endpoint, operator);
  const secretsManager = secretsManagerClient(secrets.endpoint, operator);
  const now = () => Math.floor(Date.now() / 1000);
  const hashKey = 'h'.repeat(64);
  const terms = { algorithm: 'RS256', longestTokenLifetime: 14_400 } as const;
  const keySet = await rotateSigningKeySet(undefined, terms, now());
  for (const [Name, SecretString] of [
    ['hash-key', hashKey],
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
    await waitUntilTableExists(
      { client: dynamodb, maxWaitTime: 10, minDelay: 1, maxDelay: 1 },
      { TableName },
    );
  }
  await dynamodbPublishedKeySetStore(dynamodb, 'clients').put({ keys: publicKeys(keySet, now()) });
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    AWS_ENDPOINT_URL_DYNAMODB: database.endpoint,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
    STAGE: 'sandbox',
    RESTORE_CHALLENGES: 'false',
    ISSUER: issuer,
    AUDIENCE: issuer,
    CLIENT_ASSERTIONS: JSON.stringify({
      maximumLifetime: { default: 3_600, fapi: 300 },
      tokenEndpointAudience: false,
    }),
    CLIENTS_TABLE: 'clients',
    SESSIONS_TABLE: 'sessions',
    SIGNING_KEYS_SECRET: 'signing-keys',
    HASH_KEY_SECRET: 'hash-key',
    ROUTE_SCOPES: '{"GET /orders":null}',
    DENIALS: 'integration',
    ACCESS_TOKEN_TYPE: 'at+jwt',
    DIALECT: 'rfc6749',
    DPOP_NONCES: 'false',
    AUTHORIZER_RESULTS_CACHED: 'false',
    SIGNING_ALGORITHM: 'RS256',
    SCOPES_SUPPORTED: '[]',
    TOKEN_POLICY: JSON.stringify({
      accessTokenLifetime: { integration: 7_200, sales_channel: 14_400 },
      maximumAccessTokenLifetime: 14_400,
      sessionLifetime: { default: 7_200, maximum: 7_200 },
      organization: { id: 'o', slug: 's', enterprise: false, region: 'eu-west-1' },
      test: true,
    }),
  });
  const registry = {
    clients: dynamodbClientStore(dynamodb, 'clients'),
    accounts: dynamodbAccountStore(dynamodb, 'clients'),
    subjects: dynamodbSubjectStore(dynamodb, 'clients'),
    secretHashKey: async () => deriveHashKeys(hashKey).clientSecret,
    clock: now,
  };
  const running = new Set([database, secrets]);
  const stop = async (service: typeof database | typeof secrets) => {
    if (running.delete(service)) await service.close();
  };
  return {
    stopDatabase: () => stop(database),
    stopSecretsManager: () => stop(secrets),
    async register(registration: Partial<ClientRegistration> = {}) {
      const defaults = {
        name: 'Partner',
        kind: 'integration',
        defaultScopes: [],
        scopes: [],
        claims: {},
      } as const;
      const registered = await registerClient({ ...defaults, ...registration }, registry);
      assert.ok(registered.ok, JSON.stringify(registered));
      return registered.value;
    },
    async registerAccount(mageId: string) {
      const person = { firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com' };
      assert.ok((await registerAccount({ ...person, mageId }, registry)).ok);
      return mageId;
    },
    async close() {
      dynamodb.destroy();
      secretsManager.destroy();
      await Promise.all([...running].map(stop));
    },
  };
}

let starts = 0;

/** The handler of a function that was just started, as a cold one. */
export async function startFunction(folder: string): Promise<FunctionHandler> {
  starts += 1;
  const module: { handler: FunctionHandler } = await import(
    `../../lambda/${folder}/handler.ts?start=${starts}`
  );
  return module.handler;
}

/** An event of API Gateway with a JSON body. */
export const httpEvent = (rawPath: string, authorization: string, body: object = {}) => ({
  rawPath,
  headers: { 'content-type': 'application/json', authorization },
  body: JSON.stringify(body),
  requestContext: { requestId: 'r', http: { method: 'POST' } },
});
