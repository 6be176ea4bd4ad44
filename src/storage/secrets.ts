import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { deriveHashKeys } from '../keys/hash-keys.ts';
import type { HashKeys } from '../keys/hash-keys.ts';
import { Unavailable } from '../unavailable.ts';
import { callsTo, clientSettings } from './aws-client.ts';

export const secretsManager = () => new SecretsManagerClient(clientSettings);

/** The result of an operation. Every failure of Secrets Manager is thrown as `Unavailable`. */
export const secretsManagerCall = callsTo('Secrets Manager');

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

/** The stage's hash keys. They never change, so they are read once. A read that failed is repeated. */
export function readHashKeys(client: SecretsManagerClient, secretId: string): () => Promise<HashKeys> {
  let keys: Promise<HashKeys> | undefined;
  return () => {
    keys ??= readSecret(client, secretId).then(deriveHashKeys);
    keys.catch(() => (keys = undefined));
    return keys;
  };
}
