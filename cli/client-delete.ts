import { deleteClient } from '../src/clients/client-registration.ts';
import { command } from './command.ts';
import { Refused, UsageError } from './failures.ts';
import { findClient, noClient } from './find-client.ts';
import { argument, flag } from './parameters.ts';
import { tokensAreRefused } from './token-end.ts';

export const clientDelete = command({
  summary: 'Deletes a client for good',
  details: ['A session key gives its place in its account back. To stop a client for a while, disable it.'],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    yes: flag('Does not ask; needed where there is no one to ask'),
  },
  examples: ['npx postern client delete AQ1B2C3D4E --stage sandbox'],
  async run({ clientId, yes }, { stage: connect, terminal }) {
    if (!yes && !terminal.attended) {
      throw new UsageError('A client is deleted for good, and there is no one to ask here: add --yes.');
    }
    const stage = await connect();
    const { name: stageName } = stage.record;
    const client = await findClient(stage, clientId);
    if (!yes && !(await terminal.confirm(`Delete ${client.id} (${client.name}) in ${stageName} for good?`))) {
      throw new Refused(`The client ${client.id} was not deleted.`);
    }
    if (!(await deleteClient(clientId, stage))) throw noClient(stage, clientId);
    return {
      json: { clientId: client.id, deleted: true },
      text: `The client ${client.id} is deleted from ${stageName}.\n${tokensAreRefused(client, stage)}`,
    };
  },
});
