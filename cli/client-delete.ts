import { deleteClient } from '../src/clients/client-registration.ts';
import { argument, flag } from './arguments/parameters.ts';
import { UsageError } from './arguments/usage-error.ts';
import { findClient, unknownClient } from './change-client.ts';
import { tokensRefusedText } from './client-view.ts';
import { command } from './command.ts';
import { Refused } from './refused.ts';

export const clientDelete = command({
  summary: 'Deletes a client permanently',
  details: ['A session key frees its place in its account. To stop a client for a while, disable it.'],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    yes: flag('Does not ask for confirmation; required if no one can be asked'),
  },
  examples: ['npx postern client delete AQ1B2C3D4E --stage sandbox'],
  async run({ clientId, yes }, { stage: connect, terminal }) {
    if (!yes && !terminal.attended) {
      throw new UsageError(
        'A client is deleted permanently, and there is no one to ask for confirmation: add --yes.',
      );
    }
    const stage = await connect();
    const { name: stageName } = stage.record;
    const client = await findClient(stage, clientId);
    if (
      !yes &&
      !(await terminal.confirm(`Delete ${client.id} (${client.name}) in ${stageName} permanently?`))
    ) {
      throw new Refused(`The client ${client.id} was not deleted.`);
    }
    if (!(await deleteClient(clientId, stage))) throw unknownClient(stage, clientId);
    return {
      json: { clientId: client.id, deleted: true },
      text: `The client ${client.id} is deleted from ${stageName}.\n${tokensRefusedText(client, stage)}`,
    };
  },
});
