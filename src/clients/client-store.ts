import type { Client } from './client.ts';

/** Clients, as the registry uses them. Client authentication needs `find` only. */
export interface ClientStore {
  /**
   * An eventually consistent read: it may miss a client, or a change, of the last second. It costs the same for a client
   * that does not exist, so that timing does not reveal it.
   */
  find(clientId: string): Promise<Client | undefined>;
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
