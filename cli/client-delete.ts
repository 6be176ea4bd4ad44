import { deleteClient } from '../src/clients/client-deletion.ts';
import { argument, flag } from './arguments/parameters.ts';
import { UsageError } from './arguments/usage-error.ts';
import { beingChanged, unknownClient } from './change-client.ts';
import { tokensRefusedText } from './client-view.ts';
import { command, Refused } from './command.ts';

export const clientDelete = command({
  summary: 'Deletes a client permanently',
  details: [
    'A session key frees its place in its account. The sessions that it opened are valid until they expire, unless --revoke-sessions ends them, or it was disabled.',
    'The access tokens of any other client are revoked with it. To stop a client for a while, disable it.',
  ],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    revokeSessions: flag('Ends the sessions of a session key too, also of one that is deleted already'),
    yes: flag('Does not ask for confirmation; required if no one can be asked'),
  },
  examples: [
    'npx postern client delete AQ1B2C3D4E --stage sandbox',
    'npx postern client delete AQ1B2C3D4E --stage sandbox --revoke-sessions --yes',
  ],
  async run({ clientId, revokeSessions, yes }, { connectWithClock, terminal }) {
    if (!yes && !terminal.attended) {
      throw new UsageError(
        'A client is deleted permanently, and there is no one to ask for confirmation: add --yes.',
      );
    }
    const stage = await connectWithClock();
    const { name: stageName } = stage.record;
    const client = await stage.clients.findNow(clientId);
    if (!client && !revokeSessions) throw unknownClient(stage, clientId);
    const named = client ? `${client.id} (${client.name})` : `the sessions of ${clientId}`;
    if (!yes && !(await terminal.confirm(`Delete ${named} in ${stageName} permanently?`))) {
      throw new Refused(`${client ? `The client ${client.id} was` : 'They were'} not deleted.`);
    }
    const { session: longestSession } = stage.maximumLifetimes;
    const result = await deleteClient(clientId, { revokeSessions, longestSession }, stage);
    if (result === 'unknown') throw unknownClient(stage, clientId);
    if (result !== 'deleted') throw beingChanged(clientId);
    if (!client) {
      return {
        json: { clientId, deleted: true },
        text: `The sessions that the deleted client ${clientId} had left in ${stageName} are revoked.`,
      };
    }
    const sessionsGoOn = client.account !== undefined && client.status === 'enabled' && !revokeSessions;
    return {
      json: { clientId: client.id, deleted: true },
      text: `The client ${client.id} is deleted from ${stageName}.\n${
        sessionsGoOn
          ? `The sessions that it opened are valid until they expire, for ${longestSession} seconds at most. To end them: npx postern client delete ${client.id} ${stage.options} --revoke-sessions`
          : tokensRefusedText(client, stage)
      }`,
    };
  },
});
