import { revokeTokens } from '../src/clients/client-changes.ts';
import { argument } from './arguments/parameters.ts';
import { changeClient } from './change-client.ts';
import { clientJson, tokensRefusedText } from './client-view.ts';
import { command } from './command.ts';

export const clientRevokeTokens = command({
  summary: 'Revokes every token that a client has; it may get new ones',
  details: [
    "The Lambda authorizer and introspection refuse them. API Gateway's own JWT authorizer, which does not check, accepts a JWT until it expires.",
    'To prevent that the client gets new tokens, disable it.',
  ],
  parameters: { clientId: argument('CLIENT_ID', 'The id of the client') },
  examples: ['npx postern client revoke-tokens AQ1B2C3D4E --stage sandbox'],
  async run({ clientId }, { connect }) {
    const stage = await connect();
    const { client } = await changeClient(stage, clientId, revokeTokens);
    return {
      json: clientJson(client),
      text: `Every token that ${client.id} got in ${stage.record.name} until now is revoked. Those that it gets from now on are valid.\n${tokensRefusedText(client, stage)}`,
    };
  },
});
