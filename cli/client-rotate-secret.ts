import * as v from 'valibot';
import { rotateSecret } from '../src/clients/client-changes.ts';
import { newClientSecret } from '../src/clients/client-secret.ts';
import { fields } from './arguments/columns.ts';
import { argument, option } from './arguments/parameters.ts';
import { shellWord } from './arguments/printable.ts';
import { changeClient, findClient, valueOrRefused } from './change-client.ts';
import { clientJson } from './client-view.ts';
import { command, Refused } from './command.ts';
import { isoDate } from './iso-date.ts';

const oneDay = '86400';

export const clientRotateSecret = command({
  summary: 'Gives a client a second secret, which is shown once, and lets the first one expire',
  details: [
    'Both are valid during the overlap, so that the partner can change to the new one without an interruption.',
    'A client has at most two valid secrets.',
  ],
  parameters: {
    clientId: argument('CLIENT_ID', 'The id of the client'),
    overlap: option(
      'SECONDS',
      'How long the old secret remains valid; a day if it is left out, 0 revokes it at once',
      v.optional(
        v.pipe(
          v.string(),
          v.regex(/^\d{1,8}$/, 'must be a whole number of seconds, such as 3600, or 0'),
          v.transform(Number),
        ),
        oneDay,
      ),
    ),
  },
  examples: [
    'npx postern client rotate-secret AQ1B2C3D4E --stage sandbox',
    'npx postern client rotate-secret AQ1B2C3D4E --stage production --overlap 604800',
  ],
  async run({ clientId, overlap }, { connectWithClock }) {
    const stage = await connectWithClock();
    const now = stage.clock();
    const found = await findClient(stage, clientId);
    const made = newClientSecret(await stage.secretHashKey(), found, now);
    const { client } = await changeClient(stage, clientId, (current) => {
      const changed = rotateSecret(current, made.stored, { overlap, now });
      if (changed.ok) return changed.value;
      if (current.authenticationMethods.length === 1 && current.authenticationMethods[0] === 'none') {
        throw new Refused(
          `${changed.error.problem} Create it with: npx postern client create ${stage.options} --with-secret`,
        );
      }
      if (current.secrets.length < 2) return valueOrRefused(changed);
      throw new Refused(
        `${changed.error.problem}\nTo see which one: npx postern client show ${shellWord(clientId)} ${stage.options}\nThen: npx postern client revoke-secret ${shellWord(clientId)} SECRET_ID ${stage.options}`,
      );
    });
    const old = client.secrets.filter(({ id }) => id !== made.stored.id);
    const revoke = `npx postern client revoke-secret ${shellWord(client.id)} ${made.stored.id} ${stage.options} --yes`;
    return {
      json: { ...clientJson(client), secretId: made.stored.id, clientSecret: made.secret },
      text: [
        `The client ${client.id} has a new secret in ${stage.record.name}.\n`,
        fields({ secret_id: made.stored.id, client_secret: made.secret }),
        'The secret is shown once: store it now.\n',
        ...(old.length === 0
          ? ['No other secret of it is valid. Its tokens remain valid.']
          : old.map(
              ({ id, expiresAt }) =>
                `The secret ${id} is valid until ${isoDate(expiresAt ?? now)}. To revoke it earlier: npx postern client revoke-secret ${shellWord(client.id)} ${id} ${stage.options}`,
            )),
      ].join('\n'),
      ifLost: `The client ${client.id} has a new secret ${made.stored.id}, which could not be shown. Revoke it and rotate again: ${revoke}`,
    };
  },
});
