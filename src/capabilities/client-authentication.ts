import { hourlySecretUse } from '../clients/secret-use.ts';
import { systemClock } from '../clock.ts';
import type { Environment } from '../env.ts';
import { clientAuthentication } from '../oauth/client-authentication.ts';
import type { AuthenticateClient } from '../oauth/client-authentication.ts';
import { parseClientAssertionPolicy } from '../oauth/stage-policies.ts';
import { dynamodbClientStore } from '../storage/client-store.ts';
import { dynamodbReplayStore } from '../storage/replay-store.ts';
import { dynamodbSecretUseStore } from '../storage/secret-use-store.ts';
import type { StageResources } from './stage-resources.ts';

/** Authenticates clients. They are read strongly consistent: see `ClientAuthenticationOptions.clients`. */
export const clientAuthenticator = ({
  env,
  dynamodb,
  hashKeys,
  log,
}: StageResources & { readonly env: Pick<Environment, 'CLIENT_ASSERTIONS'> }): AuthenticateClient =>
  clientAuthentication({
    clients: dynamodbClientStore(dynamodb, env.CLIENTS_TABLE),
    secretHashKey: async () => (await hashKeys()).clientSecret,
    replays: dynamodbReplayStore(dynamodb, env.SESSIONS_TABLE),
    recordSecretUse: hourlySecretUse(dynamodbSecretUseStore(dynamodb, env.CLIENTS_TABLE), systemClock, log),
    issuer: env.ISSUER,
    clientAssertions: parseClientAssertionPolicy(env.CLIENT_ASSERTIONS),
    clock: systemClock,
  });
