import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Unavailable } from '../unavailable.ts';

/** A client that gives up before the function times out: three attempts of at most a second each. */
export const secretsManager = () =>
  new SecretsManagerClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });

/** The result of an operation. Every failure of Secrets Manager is thrown as `Unavailable`. */
export async function secretsManagerCall<Output>(operation: Promise<Output>): Promise<Output> {
  try {
    return await operation;
  } catch (error) {
    throw new Unavailable('Secrets Manager', error);
  }
}

/** Reads the current string of a secret. */
export async function readSecret(client: SecretsManagerClient, secretId: string): Promise<string> {
  const { SecretString } = await secretsManagerCall(
    client.send(new GetSecretValueCommand({ SecretId: secretId })),
  );
  if (SecretString === undefined) {
    throw new Unavailable('Secrets Manager', new Error('the secret contains no string'));
  }
  return SecretString;
}
