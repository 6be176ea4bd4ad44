import type { ClientStore } from '../../src/clients/client-store.ts';
import type { Client } from '../../src/clients/client.ts';

/** Clients in memory, for benchmarks and for unit tests that a database would only slow down. */
export function memoryClientStore(...initial: Client[]): ClientStore {
  const clients = new Map(initial.map((client) => [client.id, client]));
  return {
    findNow: async (clientId) => clients.get(clientId),
    list: async () => [...clients.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    async create(client) {
      if (clients.has(client.id)) return false;
      clients.set(client.id, client);
      return true;
    },
    async replace(client) {
      if (clients.get(client.id)?.version !== client.version) return false;
      clients.set(client.id, { ...client, version: client.version + 1 });
      return true;
    },
    delete: async (clientId) => clients.delete(clientId),
  };
}
