import type { Client } from './client.ts';

/** Clients, as the registry uses them. Client authentication needs `findNow` only. */
export interface ClientStore {
  /** A strongly consistent read. */
  findNow(clientId: string): Promise<Client | undefined>;
  /** All clients, sorted by id. */
  list(): Promise<Client[]>;
  /** False if the id is taken. */
  create(client: Client): Promise<boolean>;
  /** Writes `client` as the version after its own. False if it was changed or deleted in the meantime. */
  replace(client: Client): Promise<boolean>;
  /** False if there was no such client. */
  delete(clientId: string): Promise<boolean>;
}
