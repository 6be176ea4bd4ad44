import { clientJson, clientText } from './client-view.ts';
import { command } from './command.ts';
import { findClient } from './find-client.ts';
import { argument } from './parameters.ts';

export const clientShow = command({
  summary: 'Shows a client, without its secrets',
  parameters: { clientId: argument('CLIENT_ID', 'The id of the client') },
  examples: ['npx postern client show AQ1B2C3D4E --stage sandbox'],
  async run({ clientId }, { stage }) {
    const client = await findClient(await stage(), clientId);
    return { json: clientJson(client), text: clientText(client) };
  },
});
