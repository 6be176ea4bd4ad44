import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { Unavailable } from '../unavailable.ts';

/** A client whose patience ends before the function's own: three tries of at most a second each. */
export const secretsManager = () =>
  new SecretsManagerClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });

/** Reads the current text of a secret. */
export async function readSecret(client: SecretsManagerClient, secretId: string): Promise<string> {
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
    if (SecretString === undefined) throw new Error('The secret has no text');
    return SecretString;
  } catch (error) {
    throw new Unavailable('Secrets Manager', error);
  }
}
