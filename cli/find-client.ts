import type { Client } from '../src/clients/client.ts';
import { Refused } from './failures.ts';
import type { Stage } from './stage.ts';

/** The client as it is now; refused where there is none. */
export async function findClient(stage: Stage, clientId: string): Promise<Client> {
  const client = await stage.clients.findNow(clientId);
  if (!client) throw noClient(stage, clientId);
  return client;
}

export const noClient = (stage: Stage, clientId: string) =>
  new Refused(`There is no client ${clientId} in ${stage.record.name}.`);
