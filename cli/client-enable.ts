import { argument } from './arguments/parameters.ts';
import { changeClient } from './change-client.ts';
import { clientJson } from './client-view.ts';
import { command } from './command.ts';

export const clientEnable = command({
  summary: 'Enables a client that was disabled',
  details: ['Tokens that it got before and that have not expired are accepted again.'],
  parameters: { clientId: argument('CLIENT_ID', 'The id of the client') },
  examples: ['npx postern client enable AQ1B2C3D4E --stage sandbox'],
  async run({ clientId }, { connect }) {
    const stage = await connect();
    const { client, changed } = await changeClient(stage, clientId, (found) =>
      found.status === 'enabled' ? found : { ...found, status: 'enabled' },
    );
    return {
      json: clientJson(client),
      text: changed
        ? `The client ${client.id} is enabled in ${stage.record.name}. Tokens that it got before and that have not expired are accepted again.`
        : `The client ${client.id} was enabled in ${stage.record.name} already.`,
    };
  },
});
