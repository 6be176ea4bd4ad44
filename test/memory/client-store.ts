import type { DeletedSessionKey } from '../../src/clients/client-record.ts';
import type { ClientStore } from '../../src/clients/client-store.ts';
import type { Client } from '../../src/clients/client.ts';

export interface MemoryClientStore extends ClientStore {
  /** What remains of a deleted session key. */
  remains(clientId: string): DeletedSessionKey | undefined;
}

/** Clients in memory, for benchmarks and for unit tests that a database would only slow down. */
export function memoryClientStore(...initial: Client[]): MemoryClientStore {
  const clients = new Map(initial.map((client) => [client.id, client]));
  const deleted = new Map<string, DeletedSessionKey>();
  return {
    findNow: async (clientId) => clients.get(clientId),
    list: async () => [...clients.values()].toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    async create(client) {
      if (clients.has(client.id)) return false;
      clients.set(client.id, client);
      deleted.delete(client.id);
      return true;
    },
    async replace(client) {
      if (clients.get(client.id)?.version !== client.version) return false;
      clients.set(client.id, { ...client, version: client.version + 1 });
      return true;
    },
    async delete({ id, version }, remains) {
      if (clients.get(id)?.version !== version) return false;
      if (remains) deleted.set(id, remains);
      return clients.delete(id);
    },
    deleteRemains: async (clientId, account) =>
      (account === undefined || deleted.get(clientId)?.account === account) && deleted.delete(clientId),
    remains: (clientId) => deleted.get(clientId),
  };
}
