import { canAuthenticate, removeSecret } from '../src/clients/client-changes.ts';
import { accepted } from './accepted.ts';
import { changeClient } from './change-client.ts';
import { clientJson } from './client-view.ts';
import { command } from './command.ts';
import { Refused } from './failures.ts';
import { shellWord } from './layout.ts';
import { argument, flag } from './parameters.ts';

export const clientRevokeSecret = command({
  summary: 'Ends one secret of a client at once',
  details: ['Tokens that the client got with it live on: client revoke-tokens ends those.'],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    secretId: argument('SECRET_ID', 'The id of the secret, as client show has it'),
    yes: flag('Even if the client can then not authenticate any more'),
  },
  examples: ['npx postern client revoke-secret AQ1B2C3D4E 1f0c9a3e --stage sandbox'],
  async run({ clientId, secretId, yes }, { stage: connect }) {
    const stage = await connect();
    const now = stage.clock();
    const shown = `${shellWord(clientId)} ${stage.options}`;
    const { client } = await changeClient(stage, clientId, (current) => {
      const next = accepted(removeSecret(current, secretId));
      if (yes || canAuthenticate(next, now) || !canAuthenticate(current, now)) return next;
      throw new Refused(
        `It is the last live secret of ${clientId}, which could then not authenticate. Make another first: npx postern client rotate-secret ${shown}\nOr revoke it all the same, with --yes.`,
      );
    });
    const rest = canAuthenticate(client, now)
      ? ''
      : `\nThe client cannot authenticate now. It can again with: npx postern client rotate-secret ${shown}`;
    return {
      json: clientJson(client),
      text: `The secret ${secretId} of ${client.id} is refused in ${stage.record.name} from now on.${rest}\nTokens that the client has are good until they expire. To end them, too: npx postern client revoke-tokens ${shown}`,
    };
  },
});
