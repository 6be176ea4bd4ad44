import { canAuthenticate, removeSecret } from '../src/clients/client-changes.ts';
import { argument, flag } from './arguments/parameters.ts';
import { shellWord } from './arguments/printable.ts';
import { changeClient, valueOrRefused } from './change-client.ts';
import { clientJson } from './client-view.ts';
import { command, Refused } from './command.ts';

export const clientRevokeSecret = command({
  summary: 'Revokes one secret of a client at once',
  details: ['Tokens that the client got with it remain valid. To revoke them: client revoke-tokens.'],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    secretId: argument('SECRET_ID', 'The id of the secret, as in client show'),
    yes: flag('Even if the client cannot authenticate without it'),
  },
  examples: ['npx postern client revoke-secret AQ1B2C3D4E 1f0c9a3e --stage sandbox'],
  async run({ clientId, secretId, yes }, { connectWithClock }) {
    const stage = await connectWithClock();
    const now = stage.clock();
    const shown = `${shellWord(clientId)} ${stage.options}`;
    const { client } = await changeClient(stage, clientId, (current) => {
      const next = valueOrRefused(removeSecret(current, secretId));
      if (yes || canAuthenticate(next, now) || !canAuthenticate(current, now)) return next;
      throw new Refused(
        `It is the last valid secret of ${clientId}, which could then not authenticate. Create another first: npx postern client rotate-secret ${shown}\nOr revoke it anyway, with --yes.`,
      );
    });
    const rest = canAuthenticate(client, now)
      ? ''
      : `\nThe client cannot authenticate now. To allow it again: npx postern client rotate-secret ${shown}`;
    return {
      json: clientJson(client),
      text: `The secret ${secretId} of ${client.id} is refused in ${stage.record.name} from now on.${rest}\nTokens that the client has are valid until they expire. To revoke them too: npx postern client revoke-tokens ${shown}`,
    };
  },
});
