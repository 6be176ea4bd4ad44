import type { Client } from './client.ts';

/** What operators do with clients. The token endpoint needs `find` alone: `ClientReader`. */
export interface ClientStore {
  /** An eventually consistent read: a client written this second may be missing, or as it was. */
  find(clientId: string): Promise<Client | undefined>;
  /** As it is now. */
  findNow(clientId: string): Promise<Client | undefined>;
  /** All of them, in the order of their ids. */
  list(): Promise<Client[]>;
  /** False where the id is taken. */
  create(client: Client): Promise<boolean>;
  /** Writes `client` as the version after its own; false where it was changed or deleted meanwhile. */
  replace(client: Client): Promise<boolean>;
  /** False where there was none. */
  delete(clientId: string): Promise<boolean>;
}
