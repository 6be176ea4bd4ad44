import { argument } from './arguments/parameters.ts';
import { findClient } from './change-client.ts';
import { clientJson, clientText } from './client-view.ts';
import { command } from './command.ts';

export const clientShow = command({
  summary: 'Shows a client and when its secrets were last used, without the secrets',
  parameters: { clientId: argument('CLIENT_ID', 'The id of the client') },
  examples: ['npx postern client show AQ1B2C3D4E --stage sandbox'],
  async run({ clientId }, { connect }) {
    const stage = await connect();
    const client = await findClient(stage, clientId);
    const lastUses = new Map(
      await Promise.all(
        client.secrets.map(async ({ id }) => [id, await stage.secretUses.lastUse(client.id, id)] as const),
      ),
    );
    return { json: clientJson(client, lastUses), text: clientText(client, lastUses) };
  },
});
