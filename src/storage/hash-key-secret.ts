import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { deriveHashKeys } from '../keys/hash-keys.ts';
import type { HashKeys } from '../keys/hash-keys.ts';
import { readSecret } from './secrets.ts';

/** The stage's hash keys, read once: they never change. A reading that failed is tried again. */
export function hashKeys(client: SecretsManagerClient, secretId: string): () => Promise<HashKeys> {
  let keys: Promise<HashKeys> | undefined;
  return () => {
    keys ??= readSecret(client, secretId).then(deriveHashKeys);
    keys.catch(() => (keys = undefined));
    return keys;
  };
}
