import { argument } from './arguments/parameters.ts';
import { changeClient } from './change-client.ts';
import { clientJson, tokensRefusedText } from './client-view.ts';
import { command } from './command.ts';

export const clientDisable = command({
  summary: 'Disables a client: no new tokens, and those it has are refused',
  details: ['It can be enabled again. A client that is already disabled stays disabled.'],
  parameters: { clientId: argument('CLIENT_ID', 'The id of the client') },
  examples: ['npx postern client disable AQ1B2C3D4E --stage sandbox'],
  async run({ clientId }, { connect }) {
    const stage = await connect();
    const { client, changed } = await changeClient(stage, clientId, (found) =>
      found.status === 'disabled' ? found : { ...found, status: 'disabled' },
    );
    return {
      json: clientJson(client),
      text: changed
        ? `The client ${client.id} is disabled in ${stage.record.name}: it gets no new tokens.\n${tokensRefusedText(client, stage)}`
        : `The client ${client.id} was disabled in ${stage.record.name} already.`,
    };
  },
});
