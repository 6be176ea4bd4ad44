import * as v from 'valibot';
import { registerClient } from '../src/oauth/client-registration.ts';
import { clientKinds } from '../src/oauth/client.ts';
import { clientJson, clientText } from './client-view.ts';
import { command } from './command.ts';
import { Refused, UsageError } from './failures.ts';
import { firstCall } from './first-call.ts';
import { fields, shellWord } from './layout.ts';
import { flag, option, repeatable } from './parameters.ts';

const claims = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[^=]+=/, 'must look like name=value'))),
  v.transform((pairs) => pairs.map((pair) => pair.split(/=(.*)/s))),
  v.transform((pairs) => pairs.map(([name = '', value = '']): [string, string] => [name, value])),
  v.check((pairs) => new Set(pairs.map(([name]) => name)).size === pairs.length, 'must name each claim once'),
  v.transform((pairs): Record<string, string> => Object.fromEntries(pairs)),
);
const scopes = v.optional(v.array(v.string()), []);

export const clientCreate = command({
  summary: 'Registers a client, and shows its secret once',
  details: [
    'With --account the client is a session key of that account: it opens sessions and has no scopes.',
    'A client that the partner has elsewhere is imported with --client-id and --secret-stdin.',
  ],
  parameters: {
    name: option('NAME', 'What you and the partner call it', v.string()),
    kind: option(
      'KIND',
      `${clientKinds.join(' or ')}; integration where it is left out`,
      v.optional(v.picklist(clientKinds, `must be ${clientKinds.join(' or ')}`), 'integration'),
    ),
    scope: repeatable('SCOPE', 'What it may ask for: exact, or a prefix such as market:id:*', scopes),
    defaultScope: repeatable('SCOPE', 'What it gets when it asks for no scope', scopes),
    account: option('MAGE_ID', 'Makes it a session key of this account', v.exactOptional(v.string())),
    clientId: option(
      'ID',
      'An id that it has already; made up where it is left out',
      v.exactOptional(v.string()),
    ),
    secretStdin: flag('Takes the secret that it has already from standard input'),
    withSecret: flag('Gives a sales channel a secret; every other client gets one anyway'),
    tokenLifetime: option(
      'SECONDS',
      'How long its tokens live; as the stage has it where it is left out',
      v.exactOptional(
        v.pipe(
          v.string(),
          v.regex(/^[1-9]\d{0,8}$/, 'must be a whole number of seconds above 0, such as 3600'),
          v.transform(Number),
        ),
      ),
    ),
    claim: repeatable('NAME=VALUE', 'A claim that is added to its access tokens', v.optional(claims, [])),
  },
  examples: [
    "npx postern client create --stage sandbox --name 'Acme orders' --scope orders:read --default-scope orders:read",
    "npx postern client create --stage sandbox --name 'Acme sessions' --account MAG123456789",
    'npx postern client create --stage production --name Acme --scope orders:read --client-id acme --secret-stdin < secret.txt',
  ],
  async run({ scope, defaultScope, claim, secretStdin, ...registration }, { stage: connect, terminal }) {
    if (registration.withSecret && registration.kind !== 'sales_channel') {
      throw new UsageError('--with-secret is for --kind sales_channel: every other client has a secret.');
    }
    const imported = secretStdin ? { secret: await terminal.readSecret() } : {};
    const stage = await connect();
    // Before there is a secret that a failure could swallow.
    const url = await stage.url();
    const registered = await registerClient(
      { ...registration, ...imported, scopes: scope, defaultScopes: defaultScope, claims: claim },
      stage,
    );
    if (!registered.ok) throw new Refused(registered.error);

    const { client, secret } = registered.value;
    // An imported secret is known to who brought it.
    const shown = secretStdin ? undefined : secret;
    return {
      json: { ...clientJson(client), ...(shown !== undefined && { clientSecret: shown }) },
      text: [
        clientText(client),
        ...(shown === undefined
          ? []
          : [`\n${fields({ client_secret: shown })}\nThe secret is shown once: keep it now.`]),
        ...(url === undefined ? [] : [`\nIts first token:\n  ${firstCall(client, url)}`]),
      ].join('\n'),
      ...(shown !== undefined && {
        ifLost: `The client ${client.id} was created, but its secret could not be shown. Delete it and create it again: npx postern client delete ${shellWord(client.id)} ${stage.options}`,
      }),
    };
  },
});
