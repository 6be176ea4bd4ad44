import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { deriveHashKeys } from '../keys/hash-keys.ts';
import type { HashKeys } from '../keys/hash-keys.ts';
import { readSecret } from './secrets.ts';

/** The stage's hash keys. They never change, so they are read once. A read that failed is repeated. */
export function readHashKeys(client: SecretsManagerClient, secretId: string): () => Promise<HashKeys> {
  let keys: Promise<HashKeys> | undefined;
  return () => {
    keys ??= readSecret(client, secretId).then(deriveHashKeys);
    keys.catch(() => (keys = undefined));
    return keys;
  };
}
