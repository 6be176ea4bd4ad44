import type { ChangeProblem } from '../src/clients/client-changes.ts';
import type { Client } from '../src/clients/client.ts';
import type { Result } from '../src/result.ts';
import { oneLine } from './arguments/printable.ts';
import { Refused } from './command.ts';
import type { Stage } from './stage.ts';

/** The client as it is now. Throws `Refused` if there is none. */
export async function findClient(stage: Stage, clientId: string): Promise<Client> {
  const client = await stage.clients.findNow(clientId);
  if (!client) throw unknownClient(stage, clientId);
  return client;
}

export const unknownClient = (stage: Stage, clientId: string) =>
  new Refused(`There is no client ${oneLine(clientId)} in ${stage.record.name}.`);

/** The changed client. Throws `Refused` with the reason if it cannot be changed. */
export function valueOrRefused<Value>(result: Result<Value, ChangeProblem>): Value {
  if (!result.ok) throw new Refused(oneLine(result.error.problem));
  return result.value;
}

/** Maximum number of attempts if another operator writes the same client between our read and our write. */
const attempts = 5;

/** Writes the result of `change`. `changed` is false if it returned the client as it was. */
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
  throw beingChanged(clientId);
}

export const beingChanged = (clientId: string) =>
  new Refused(`The client ${clientId} is being changed by someone else. Nothing was changed: try again.`);
