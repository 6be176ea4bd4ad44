import type { IgnoredKey } from '../src/clients/client-key.ts';
import type { Client } from '../src/clients/client.ts';
import { oneLine } from './arguments/printable.ts';
import { fields } from './fields.ts';
import type { Stage } from './stage.ts';

/** What the partner must sign its assertions with, for whoever tells it (RFC 7523 §3). */
export function assertionText({ keys, fapi }: Client, { record: { clientAssertions } }: Stage): string {
  const { maximumLifetime, tokenEndpointAudience } = clientAssertions;
  const audience = fapi ? ', as a string' : tokenEndpointAudience ? ', or the URL of the token endpoint' : '';
  return `The partner signs an assertion for each request (private_key_jwt), with one of its private keys:\n${fields(
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
}

/** The keys of a file that were not registered, and why; nothing if there are none. */
export const ignoredKeysText = (ignored: readonly IgnoredKey[]): string[] =>
  ignored.map(({ name, reason }) => `Not registered: the key ${oneLine(name)} ${reason}.`);
