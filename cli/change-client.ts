import type { Client } from '../src/clients/client.ts';
import { Refused } from './failures.ts';
import { findClient } from './find-client.ts';
import type { Stage } from './stage.ts';

/** Times that a change is tried when another operator writes the same client between our read and write. */
const attempts = 5;

/** Writes what `change` makes of a client; `changed` is false where it gives the client back as it is. */
export async function changeClient(
  stage: Stage,
  clientId: string,
  change: (client: Client) => Client,
): Promise<{ client: Client; changed: boolean }> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const client = await findClient(stage, clientId);
    const next = change(client);
    if (next === client) return { client, changed: false };
    if (await stage.clients.replace(next)) return { client: next, changed: true };
  }
  throw new Refused(`The client ${clientId} is being changed by someone else. Nothing was done: try again.`);
}
