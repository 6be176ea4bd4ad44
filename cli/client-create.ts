import * as v from 'valibot';
import { registerClient } from '../src/clients/client-registration.ts';
import { clientKinds, grantTypes } from '../src/clients/client.ts';
import { lifetimeProblem } from '../src/clients/registration-rules.ts';
import type { ClientRegistration } from '../src/clients/registration-rules.ts';
import { fields } from './arguments/columns.ts';
import { flag, option, repeatable } from './arguments/parameters.ts';
import { shellWord } from './arguments/printable.ts';
import { UsageError } from './arguments/usage-error.ts';
import { clientJson, clientText } from './client-view.ts';
import { command, Refused } from './command.ts';
import { firstCall } from './first-call.ts';
import {
  assertionText,
  ignoredKeysText,
  readPublicKeys,
  standardInput,
  statedAboutKey,
} from './public-keys.ts';
import { clientFields, problemText } from './registration-problem.ts';

const claims = v.pipe(
  v.array(v.pipe(v.string(), v.regex(/^[^=]+=/, 'must look like name=value'))),
  v.transform((pairs) => pairs.map((pair) => pair.split(/=(.*)/s))),
  v.transform((pairs) => pairs.map(([name = '', value = '']): [string, string] => [name, value])),
  v.check((pairs) => new Set(pairs.map(([name]) => name)).size === pairs.length, 'must name each claim once'),
  v.transform((pairs): Record<string, string> => Object.fromEntries(pairs)),
);
const strings = v.optional(v.array(v.string()), []);

/** Grants can also be named by the last word of their URN. */
const shortNames = grantTypes.map((grant) => grant.split(':').at(-1) ?? grant);
const grantOf = new Map<string, string>(
  grantTypes.flatMap((grant, index) => [
    [grant, grant],
    [shortNames[index] ?? grant, grant],
  ]),
);
const grants = v.exactOptional(
  v.pipe(
    v.array(v.string()),
    v.check((names) => names.every((name) => grantOf.has(name)), `must be one of ${shortNames.join(', ')}`),
    v.transform((names) => [...new Set(names.map((name) => grantOf.get(name) ?? name))]),
  ),
);

export const clientCreate = command({
  summary: 'Registers a client, and shows its secret once',
  details: [
    'With --account the client is a session key of that account: it opens sessions and has no scopes.',
    'A client that the partner already has is imported with --client-id and --secret-stdin.',
    'With --public-key the client authenticates with its key (private_key_jwt), and has no secret.',
  ],
  parameters: {
    name: option('NAME', 'The name that you and the partner use for it', v.string()),
    kind: option(
      'KIND',
      `${clientKinds.join(' or ')}; integration if it is left out`,
      v.optional(v.picklist(clientKinds, `must be ${clientKinds.join(' or ')}`), 'integration'),
    ),
    scope: repeatable(
      'SCOPE',
      'A scope that it may request: exact, or a prefix such as market:id:*',
      strings,
    ),
    defaultScope: repeatable('SCOPE', 'A scope that it gets if it requests none', strings),
    requiredScope: repeatable(
      'PATTERN',
      'A pattern that one of its granted scopes must match, such as market:*',
      strings,
    ),
    grant: repeatable(
      'NAME',
      `${shortNames.join(', ')}, or the URN of one; ${shortNames[0]} if it is left out`,
      grants,
    ),
    subject: repeatable(
      'PATTERN',
      'A subject that it may act for with the grant jwt-bearer: exact, or a prefix such as customer-*',
      strings,
    ),
    audience: repeatable(
      'AUDIENCE',
      'A URI or name that it may request tokens for, besides the audience of the stage',
      strings,
    ),
    allowedOrigin: repeatable(
      'URL',
      'The origin of web pages that may use it, such as https://shop.example.com; every page may without one',
      strings,
    ),
    publicKey: option(
      'FILE',
      'Its public keys: a JWK, a JWK set, or PEM public keys and certificates; - is standard input',
      v.exactOptional(v.string()),
    ),
    ...statedAboutKey,
    fapi: flag('Holds it to FAPI 2.0: its keys and DPoP alone, PS256, ES256 or EdDSA, shorter assertions'),
    dpop: flag('Its tokens must be bound to a key that it holds (DPoP)'),
    introspect: flag('It may introspect tokens'),
    account: option('MAGE_ID', 'Makes it a session key of this account', v.exactOptional(v.string())),
    clientId: option(
      'ID',
      'An id that the partner already has; generated if it is left out',
      v.exactOptional(v.string()),
    ),
    secretStdin: flag('Reads a secret that the partner already has from standard input'),
    withSecret: flag(
      'Gives a secret to a sales channel or a client with a public key; others always have one',
    ),
    tokenLifetime: option(
      'SECONDS',
      'Lifetime of its tokens; that of the stage if it is left out',
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
    'npx postern client create --stage production --name Acme --scope orders:read --public-key acme.pem --alg PS256 --fapi',
    'npx postern client create --stage production --name Acme --scope orders:read --public-key acme.pem --grant client_credentials --grant token-exchange',
  ],
  async run(
    {
      name,
      kind,
      scope,
      defaultScope,
      requiredScope,
      grant,
      subject,
      audience,
      allowedOrigin,
      publicKey,
      alg,
      kid,
      fapi,
      dpop,
      introspect,
      account,
      clientId,
      secretStdin,
      withSecret,
      tokenLifetime,
      claim,
    },
    { connectWithClock, terminal },
  ) {
    if (withSecret && kind !== 'sales_channel' && publicKey === undefined) {
      throw new UsageError(
        '--with-secret is for --kind sales_channel and for --public-key: every other client has a secret.',
      );
    }
    if (secretStdin && publicKey === standardInput) {
      throw new UsageError(
        '--secret-stdin and --public-key - both read standard input: put the public key into a file.',
      );
    }
    const stated = { ...(alg !== undefined && { alg }), ...(kid !== undefined && { kid }) };
    if (publicKey === undefined && Object.keys(stated).length > 0) {
      throw new UsageError('--alg and --kid describe a public key: they go with --public-key.');
    }
    const { keys, ignored } =
      publicKey === undefined ? { keys: [], ignored: [] } : await readPublicKeys(publicKey, terminal, stated);
    const registration: ClientRegistration = {
      name,
      kind,
      ...(account !== undefined && { account }),
      ...(clientId !== undefined && { clientId }),
      ...(secretStdin && { secret: await terminal.readSecret() }),
      withSecret,
      keys,
      ...(grant && { grants: grant }),
      scopes: scope,
      defaultScopes: defaultScope,
      requiredScopes: requiredScope,
      subjects: subject,
      audiences: audience,
      allowedOrigins: allowedOrigin,
      dpopBoundAccessTokens: dpop,
      mayIntrospect: introspect,
      fapi,
      ...(tokenLifetime !== undefined && { tokenLifetime }),
      claims: claim,
    };
    const stage = await connectWithClock();
    // Before a secret is generated, because a failure here would lose it.
    const url = await stage.url();
    const excess = lifetimeProblem(registration, stage.maximumLifetimes);
    if (excess) throw new Refused(problemText(excess, clientFields));
    // FAPI 2.0 demands DPoP.
    const proofIsOptional = (dpop || fapi) && (await stage.hasJwtAuthorizer());
    const registered = await registerClient(registration, stage);
    if (!registered.ok) throw new Refused(problemText(registered.error, clientFields));

    const { client, secret } = registered.value;
    // Whoever imports a secret knows it.
    const shown = secretStdin ? undefined : secret;
    return {
      json: {
        ...clientJson(client),
        ...(publicKey !== undefined && { ignoredKeys: ignored }),
        ...(shown !== undefined && { clientSecret: shown }),
      },
      text: [
        clientText(client),
        ...ignoredKeysText(ignored),
        ...(client.keys.length === 0 ? [] : [`\n${assertionText(client, stage)}`]),
        ...(shown === undefined
          ? []
          : [`\n${fields({ client_secret: shown })}\nThe secret is shown once: store it now.`]),
        ...(url === undefined ? [] : [`\nIts first token:\n  ${firstCall(client, url)}`]),
      ].join('\n'),
      ...(proofIsOptional && {
        warning: `${stage.record.name} has routes behind API Gateway's own JWT authorizer. They accept the tokens of this client as bearer tokens, without a DPoP proof, and no DPoP scheme. Put the routes that it calls behind the Lambda authorizer.`,
      }),
      ...(shown !== undefined && {
        ifLost: `The client ${client.id} was created, but its secret could not be shown. Delete it and create it again: npx postern client delete ${shellWord(client.id)} ${stage.options}`,
      }),
    };
  },
});
