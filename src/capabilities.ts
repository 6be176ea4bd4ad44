import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { hourlySecretUse } from './clients/secret-use.ts';
import { systemClock } from './clock.ts';
import type { Environment } from './env.ts';
import type { HashKeys } from './keys/hash-keys.ts';
import { verificationKeys } from './keys/verification-key.ts';
import type { AuthenticationContext } from './oauth/client-authentication.ts';
import type { DpopContext } from './oauth/dpop.ts';
import { endpoints } from './oauth/endpoints.ts';
import type { VerificationContext } from './oauth/token-verification.ts';
import { dynamodbClientStore } from './storage/client-store.ts';
import { dynamodb } from './storage/dynamodb.ts';
import { hashKeys } from './storage/hash-key-secret.ts';
import { dynamodbPublishedKeySetStore } from './storage/published-key-set-store.ts';
import { dynamodbReplayStore } from './storage/replay-store.ts';
import { dynamodbJwtStateReader } from './storage/revocation-store.ts';
import { dynamodbSecretUseStore } from './storage/secret-use-store.ts';
import { dynamodbSessionStore } from './storage/session-store.ts';

interface StageStores {
  readonly database: DynamoDBClient;
  readonly clientsTable: string;
  readonly sessionsTable: string;
  readonly keys: () => Promise<HashKeys>;
}

/** The stores that a function's environment names. */
export const stageStores = (
  env: Pick<Environment, 'CLIENTS_TABLE' | 'SESSIONS_TABLE' | 'HASH_KEY_SECRET'>,
  secrets: SecretsManagerClient,
): StageStores => ({
  database: dynamodb(),
  clientsTable: env.CLIENTS_TABLE,
  sessionsTable: env.SESSIONS_TABLE,
  keys: hashKeys(secrets, env.HASH_KEY_SECRET),
});

/** What client authentication needs, from the stores of a stage. */
export function authenticationContext(
  { database, clientsTable, sessionsTable, keys }: StageStores,
  issuer: string,
): AuthenticationContext {
  return {
    clients: dynamodbClientStore(database, clientsTable),
    secretKey: async () => (await keys()).clientSecret,
    replays: dynamodbReplayStore(database, sessionsTable),
    noteSecretUse: hourlySecretUse(dynamodbSecretUseStore(database, clientsTable), systemClock),
    assertionAudiences: [issuer, issuer + endpoints.token],
    clock: systemClock,
  };
}

/** What the verification of tokens needs, from the stores of a stage. */
export function verificationContext(
  { database, clientsTable, sessionsTable, keys }: StageStores,
  issuer: string,
): VerificationContext {
  const clients = dynamodbClientStore(database, clientsTable);
  return {
    issuer,
    // As they are now: a client that was disabled must be refused at once.
    clients: { find: (clientId) => clients.findNow(clientId) },
    sessions: dynamodbSessionStore(database, sessionsTable),
    jwtStates: dynamodbJwtStateReader(database, { clientsTable, sessionsTable }),
    tagKey: async () => (await keys()).sessionToken,
    verificationKey: verificationKeys(dynamodbPublishedKeySetStore(database, clientsTable), systemClock),
    clock: systemClock,
  };
}

/** What DPoP needs, from the stores of a stage. */
export function dpopContext(
  { database, sessionsTable, keys }: StageStores,
  demandNonces: boolean,
): DpopContext {
  return {
    replays: dynamodbReplayStore(database, sessionsTable),
    clock: systemClock,
    ...(demandNonces && { nonceKey: async () => (await keys()).dpopNonce }),
  };
}
