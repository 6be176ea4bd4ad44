import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { hourlySecretUse } from './clients/secret-use.ts';
import { systemClock } from './clock.ts';
import type { Environment } from './env.ts';
import type { HashKeys } from './keys/hash-keys.ts';
import { verificationKeys } from './keys/verification-key.ts';
import type { Log } from './log.ts';
import { accessTokens } from './oauth/access-token-verification.ts';
import { accessTokenTypes } from './oauth/access-token.ts';
import { parseClientAssertionPolicy } from './oauth/client-assertion-policy.ts';
import { clientAuthentication } from './oauth/client-authentication.ts';
import { dpopVerification } from './oauth/dpop.ts';
import type { TokenKind } from './oauth/token-verification.ts';
import { sessionTokens } from './sessions/session-verification.ts';
import { dynamodbClientStore } from './storage/client-store.ts';
import { dynamodbPublishedKeySetStore } from './storage/published-key-set-store.ts';
import { dynamodbReplayStore } from './storage/replay-store.ts';
import { dynamodbRevocationStateReader } from './storage/revocation-store.ts';
import { dynamodbSecretUseStore } from './storage/secret-use-store.ts';
import { dynamodbSessionOriginReader } from './storage/session-origin-reader.ts';
import { dynamodbSessionStore } from './storage/session-store.ts';

/** What every capability is composed of. */
export interface StageResources {
  readonly env: Pick<Environment, 'ISSUER' | 'CLIENTS_TABLE' | 'SESSIONS_TABLE'>;
  readonly dynamodb: DynamoDBClient;
  readonly hashKeys: () => Promise<HashKeys>;
  readonly log: Log;
}

/** Authenticates clients. They are read strongly consistent: see `ClientAuthenticationOptions.clients`. */
export const authenticateClient = ({
  env,
  dynamodb,
  hashKeys,
  log,
}: StageResources & { readonly env: Pick<Environment, 'CLIENT_ASSERTIONS'> }) =>
  clientAuthentication({
    clients: dynamodbClientStore(dynamodb, env.CLIENTS_TABLE),
    secretKey: async () => (await hashKeys()).clientSecret,
    replays: dynamodbReplayStore(dynamodb, env.SESSIONS_TABLE),
    recordSecretUse: hourlySecretUse(dynamodbSecretUseStore(dynamodb, env.CLIENTS_TABLE), systemClock, log),
    issuer: env.ISSUER,
    clientAssertions: parseClientAssertionPolicy(env.CLIENT_ASSERTIONS),
    clock: systemClock,
  });

/** JWT access tokens. Their clients are read strongly consistent, so that a revocation takes effect at once. */
export const accessTokenKind = (
  { env, dynamodb }: Omit<StageResources, 'hashKeys' | 'log'>,
  { ACCESS_TOKEN_TYPE }: Pick<Environment, 'ACCESS_TOKEN_TYPE'>,
): TokenKind =>
  accessTokens({
    issuer: env.ISSUER,
    accessTokenType: parseAccessTokenType(ACCESS_TOKEN_TYPE),
    revocationStates: dynamodbRevocationStateReader(dynamodb, {
      clientsTable: env.CLIENTS_TABLE,
      sessionsTable: env.SESSIONS_TABLE,
    }),
    verificationKey: verificationKeys(dynamodbPublishedKeySetStore(dynamodb, env.CLIENTS_TABLE), systemClock),
    clock: systemClock,
  });

/** Throws if the function was deployed with another value. */
export const parseAccessTokenType = (value: string) => v.parse(v.picklist(accessTokenTypes), value);

/** Session tokens. Their clients and accounts are read strongly consistent, so that a revocation takes effect at once. */
export const sessionTokenKind = ({ env, dynamodb, hashKeys }: Omit<StageResources, 'log'>): TokenKind =>
  sessionTokens({
    sessions: dynamodbSessionStore(dynamodb, env.SESSIONS_TABLE),
    origins: dynamodbSessionOriginReader(dynamodb, env.CLIENTS_TABLE),
    tagKey: async () => (await hashKeys()).sessionToken,
    clock: systemClock,
  });

/** Verifies DPoP proofs. */
export const verifyDpopProof = (
  { env, dynamodb, hashKeys }: Omit<StageResources, 'log'>,
  { DPOP_NONCES }: Pick<Environment, 'DPOP_NONCES'>,
) =>
  dpopVerification({
    replays: dynamodbReplayStore(dynamodb, env.SESSIONS_TABLE),
    clock: systemClock,
    ...(DPOP_NONCES === 'true' && { nonceKey: async () => (await hashKeys()).dpopNonce }),
  });
