import * as v from 'valibot';
import { Client } from './client.ts';

/**
 * What remains of a session key that was deleted while its sessions go on: it opens no session, but the sessions that it
 * opened are valid until they expire. Without it they end.
 */
export const DeletedSessionKey = v.object({
  id: v.string(),
  /** `mage_id` of the account that it belonged to. */
  account: v.string(),
  status: v.literal('deleted'),
  /** As in `Client`: what was revoked before the deletion stays revoked. */
  tokenGeneration: Client.entries.tokenGeneration,
  /** NumericDate, and the time to live of the item: by then the last of its sessions has expired. */
  expiresAt: v.pipe(v.number(), v.integer()),
});
export type DeletedSessionKey = v.InferOutput<typeof DeletedSessionKey>;

/** Seconds by which the clocks of two functions may differ. */
const clockSkew = 60;

/**
 * What remains of a client that is deleted at `now`, NumericDate, without revoking its sessions; undefined if nothing
 * does: the tokens of other clients, and the sessions of a key that the operator has disabled, end with it.
 * @param longestSession seconds
 */
export function remainsOf(
  { id, account, status, tokenGeneration }: Client,
  longestSession: number,
  now: number,
): DeletedSessionKey | undefined {
  if (account === undefined || status === 'disabled') return undefined;
  return { id, account, status: 'deleted', tokenGeneration, expiresAt: now + longestSession + clockSkew };
}

/** What is stored under the id of a client: the client, or what remains of a deleted session key. */
const ClientRecord = v.variant('status', [Client, DeletedSessionKey]);

type StoredRecord = Readonly<Record<string, unknown>> | undefined;

export const parseClientRecord = (stored: StoredRecord): Client | DeletedSessionKey | undefined =>
  stored && v.parse(ClientRecord, stored);

/** The client in a record; undefined if there is none, or if it was deleted. */
export function clientOfRecord(stored: StoredRecord): Client | undefined {
  const found = parseClientRecord(stored);
  return found?.status === 'deleted' ? undefined : found;
}
