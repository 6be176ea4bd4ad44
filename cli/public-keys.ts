import { readFile } from 'node:fs/promises';
import * as v from 'valibot';
import { parseClientKeys } from '../src/clients/client-key.ts';
import type { IgnoredKey, ParsedClientKeys, StatedAboutKey } from '../src/clients/client-key.ts';
import { assertionAlgorithms, jwtBearerGrantType } from '../src/clients/client.ts';
import type { Client } from '../src/clients/client.ts';
import { maximumGrantAssertionLifetime } from '../src/oauth/grants/assertion-forms.ts';
import { fields } from './arguments/columns.ts';
import { option } from './arguments/parameters.ts';
import { oneLine } from './arguments/printable.ts';
import { Refused } from './command.ts';
import type { Stage } from './stage.ts';
import type { Terminal } from './terminal.ts';

/** Names standard input in place of a file. */
export const standardInput = '-';

/** What can be stated about a public key because its file does not. */
export const statedAboutKey = {
  alg: option(
    'ALG',
    'What the partner signs with; if it is left out, as the key says, and RS256 or PS256 for an RSA key that does not',
    v.exactOptional(v.picklist(assertionAlgorithms, `must be one of ${assertionAlgorithms.join(', ')}`)),
  ),
  kid: option(
    'KID',
    'The kid in the header of its assertions, if the key does not state it; without one, any kid is accepted',
    v.exactOptional(v.string()),
  ),
};

/** The keys in the file of --public-key. Errors do not repeat its name, because it may be a key typed by mistake. */
export async function readPublicKeys(
  file: string,
  terminal: Terminal,
  stated: StatedAboutKey,
): Promise<ParsedClientKeys> {
  const text = file === standardInput ? await terminal.readText() : await textOf(file);
  const keys = await parseClientKeys(text, stated);
  if (!keys.ok) throw new Refused(`The public key cannot be used. ${keys.error}`);
  return keys.value;
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown reason';
    throw new Refused(
      `The file of --public-key cannot be read (${code}). Name a file with a JWK, a JWK set or a PEM public key, or - for standard input.`,
    );
  }
}

/** What the partner must sign its assertions with, for whoever tells it (RFC 7523 §3). */
export function assertionText(
  { keys, fapi, grants }: Client,
  { record: { clientAssertions } }: Stage,
): string {
  const { maximumLifetime, tokenEndpointAudience } = clientAssertions;
  const audience = fapi ? ', as a string' : tokenEndpointAudience ? ', or the URL of the token endpoint' : '';
  const authentication = `The partner signs an assertion for each request (private_key_jwt), with one of its private keys:\n${fields(
    {
      'alg, kid': keys.map(
        ({ algorithms, kid, kidSource }) =>
          `${algorithms.join(' or ')}, ${kidSource === 'partner' ? `kid ${kid} or none` : 'any kid or none'}`,
      ),
      'iss, sub': 'the client_id',
      aud: `the issuer of the stage${audience}`,
      exp: `at most ${fapi ? maximumLifetime.fapi : maximumLifetime.default} seconds ahead`,
      jti: fapi ? 'another one in each assertion' : 'another one in each assertion, or none',
    },
  )}`;
  return grants.includes(jwtBearerGrantType)
    ? `${authentication}\n${grantAssertionText(fapi)}`
    : authentication;
}

/** The assertion of the jwt-bearer grant: whom the client acts for (RFC 7523 §2.1). */
function grantAssertionText(fapi: boolean): string {
  const form = `For the grant jwt-bearer it signs an assertion whose sub is the subject, with the same iss and aud, and exp at most ${maximumGrantAssertionLifetime} seconds ahead.`;
  return fapi
    ? `${form} It authenticates with another one.`
    : `${form} It need not authenticate with another one.`;
}

/** The keys of a file that were not registered, and why; nothing if there are none. */
export const ignoredKeysText = (ignored: readonly IgnoredKey[]): string[] =>
  ignored.map(({ name, reason }) => `Not registered: the key ${oneLine(name)} ${reason}.`);
