import * as v from 'valibot';
import { addKeys } from '../src/clients/client-changes.ts';
import { fields } from './arguments/columns.ts';
import { argument, option } from './arguments/parameters.ts';
import { changeClient, valueOrRefused } from './change-client.ts';
import { clientJson, keyLines } from './client-view.ts';
import { command } from './command.ts';
import { assertionText, ignoredKeysText, readPublicKeys, statedAboutKey } from './public-keys.ts';

export const clientAddKey = command({
  summary: 'Registers a public key that a client signs its assertions with',
  details: [
    'The client may then authenticate with it (private_key_jwt), and still with the credentials that it had before.',
  ],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    publicKey: option(
      'FILE',
      'A JWK, a JWK set, or PEM public keys and certificates; - is standard input',
      v.string(),
    ),
    ...statedAboutKey,
  },
  examples: ['npx postern client add-key AQ1B2C3D4E --stage sandbox --public-key acme.pem'],
  async run({ clientId, publicKey, ...stated }, { connect, terminal }) {
    const { keys, ignored } = await readPublicKeys(publicKey, terminal, stated);
    const stage = await connect();
    const { client } = await changeClient(stage, clientId, (current) =>
      valueOrRefused(addKeys(current, keys)),
    );
    return {
      json: { ...clientJson(client), ignoredKeys: ignored },
      text: [
        `The client ${client.id} may authenticate in ${stage.record.name} with:\n${fields({ keys: keyLines(client) })}`,
        ...ignoredKeysText(ignored),
        `\n${assertionText(client, stage)}`,
      ].join('\n'),
    };
  },
});
