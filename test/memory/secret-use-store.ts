import type { SecretUseStore } from '../../src/clients/secret-use.ts';

const keyOf = (clientId: string, secretId: string) => `${clientId}#${secretId}`;

/** Last uses in memory, for unit tests that a database would only slow down. */
export function memorySecretUseStore(): SecretUseStore {
  const uses = new Map<string, number>();
  return {
    lastUse: async (clientId, secretId) => uses.get(keyOf(clientId, secretId)),
    async recordUse(clientId, secretId, now) {
      uses.set(keyOf(clientId, secretId), now);
    },
  };
}
