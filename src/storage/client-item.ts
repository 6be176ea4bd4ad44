import * as v from 'valibot';
import { Client } from '../clients/client.ts';
import { DeletedSessionKey } from '../clients/deleted-session-key.ts';

/** What the item of a client holds: the client, or what remains of a deleted session key. */
const ClientItem = v.variant('status', [Client, DeletedSessionKey]);

export const parseClientItem = (
  item: Readonly<Record<string, unknown>> | undefined,
): Client | DeletedSessionKey | undefined => item && v.parse(ClientItem, item);

/** The client in an item; undefined if there is none, or if it was deleted. */
export function clientOfItem(item: Readonly<Record<string, unknown>> | undefined): Client | undefined {
  const found = parseClientItem(item);
  return found?.status === 'deleted' ? undefined : found;
}
