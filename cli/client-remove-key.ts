import { canAuthenticate, removeKey } from '../src/clients/client-changes.ts';
import { argument, flag } from './arguments/parameters.ts';
import { oneLine, shellWord } from './arguments/printable.ts';
import { changeClient, valueOrRefused } from './change-client.ts';
import { clientJson } from './client-view.ts';
import { command, Refused } from './command.ts';

export const clientRemoveKey = command({
  summary: 'Removes a public key from a client: assertions that are signed with it are refused at once',
  details: ['Tokens that the client got with it remain valid. To revoke them: client revoke-tokens.'],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    kid: argument('KID', 'The kid of the key, as in client show'),
    yes: flag('Even if the client cannot authenticate without it'),
  },
  examples: ['npx postern client remove-key AQ1B2C3D4E acme-2026 --stage sandbox'],
  async run({ clientId, kid, yes }, { connectWithClock }) {
    const stage = await connectWithClock();
    const now = stage.clock();
    const shown = `${shellWord(clientId)} ${stage.options}`;
    const addKey = `npx postern client add-key ${shown} --public-key FILE`;
    const { client } = await changeClient(stage, clientId, (current) => {
      const next = valueOrRefused(removeKey(current, kid));
      if (yes || canAuthenticate(next, now) || !canAuthenticate(current, now)) return next;
      throw new Refused(
        `It is the last key of ${clientId}, which could then not authenticate. Add another first: ${addKey}\nOr remove it anyway, with --yes.`,
      );
    });
    const rest = canAuthenticate(client, now)
      ? ''
      : `\nThe client cannot authenticate now. To allow it again: ${addKey}`;
    return {
      json: clientJson(client),
      text: `The key ${oneLine(kid)} of ${client.id} is refused in ${stage.record.name} from now on.${rest}\nTokens that the client has are valid until they expire. To revoke them too: npx postern client revoke-tokens ${shown}`,
    };
  },
});
