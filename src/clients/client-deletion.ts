import { remainsOf } from './client-record.ts';
import type { Registry } from './client-registration.ts';
import { maximumClientIdLength } from './client.ts';
import type { Client } from './client.ts';

interface Deletion {
  /** Whether the sessions of a session key end with it. Otherwise they are valid until they expire. */
  readonly revokeSessions: boolean;
  /** Lifetime in seconds of the longest session of the stage. */
  readonly longestSession: number;
  /** The `mage_id` of the account that deletes one of its session keys; undefined for the operator. */
  readonly account?: string;
}

type DeletionResult = 'deleted' | 'unknown' | 'disabled' | 'contended';

/** Maximum number of attempts if someone else writes the same client between our read and our write. */
const attempts = 5;

/**
 * Deletes a client and frees the place of a session key in its account. An account may not delete a key that the
 * operator has disabled, because it could then create another in its place: that is `disabled`. With `revokeSessions`,
 * a key that was deleted before without it loses its sessions now.
 */
export async function deleteClient(
  clientId: string,
  { revokeSessions, longestSession, account }: Deletion,
  { clients, accounts, clock }: Pick<Registry, 'clients' | 'accounts' | 'clock'>,
): Promise<DeletionResult> {
  if (clientId.length > maximumClientIdLength) return 'unknown';
  let attempted: Client | undefined;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const client = await clients.findNow(clientId);
    if (!client) {
      const ended = revokeSessions && (await clients.deleteRemains(clientId, account));
      if (!attempted) return ended ? 'deleted' : 'unknown';
      // Someone else deleted it, or our own write did, whose response was lost.
      await freePlace(attempted, accounts);
      return 'deleted';
    }
    if (account !== undefined && client.account !== account) return 'unknown';
    if (account !== undefined && client.status === 'disabled') return 'disabled';
    const remains = revokeSessions ? undefined : remainsOf(client, longestSession, clock());
    attempted = client;
    if (!(await clients.delete(client, remains))) continue;
    await freePlace(client, accounts);
    return 'deleted';
  }
  return 'contended';
}

async function freePlace({ id, account }: Client, accounts: Registry['accounts']): Promise<void> {
  if (account !== undefined) await accounts.removeSessionKey(account, id);
}
