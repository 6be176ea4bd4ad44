import type { DeletedSessionKey } from './client-record.ts';
import type { Client } from './client.ts';

/** Clients, as the registry uses them. Client authentication needs `findNow` only. */
export interface ClientStore {
  /**
   * A strongly consistent read. It takes the same time for a client that does not exist, so that timing does not reveal
   * it.
   */
  findNow(clientId: string): Promise<Client | undefined>;
  /** All clients, sorted by id. */
  list(): Promise<Client[]>;
  /** False if the id is taken. What remains of a deleted session key does not take it, and is replaced. */
  create(client: Client): Promise<boolean>;
  /** Writes `client` as the version after its own. False if it was changed or deleted in the meantime. */
  replace(client: Client): Promise<boolean>;
  /** Deletes this version of a client, and leaves `remains`. False if it was changed or deleted in the meantime. */
  delete(client: Client, remains?: DeletedSessionKey): Promise<boolean>;
  /** Deletes what remains of a deleted session key, of `account` if it is given. False if nothing does. */
  deleteRemains(clientId: string, account?: string): Promise<boolean>;
}
