import type { JWTPayload } from 'jose';
import type { Client } from '../../clients/client.ts';
import { assertionUse, clockSkew, unverifiedClientId, verifyClientJwt } from '../client-jwt.ts';
import { endpoints } from '../endpoints.ts';
import type { ClientAssertionPolicy } from '../stage-policies.ts';
import type { ClientAuthenticationMethod, VerificationOptions } from './method.ts';

/** RFC 7523 §2.2 */
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const notVerified = (reason: string, description?: string) => ({
  verified: false as const,
  reason,
  ...(description !== undefined && { description }),
});

/** `private_key_jwt`: an assertion that is signed with a key of the client (RFC 7523 §2.2, §3). */
export const privateKeyJwt: ClientAuthenticationMethod = {
  present({ client_assertion, client_assertion_type }) {
    if (client_assertion === undefined && client_assertion_type === undefined) return undefined;
    if (client_assertion === undefined || client_assertion_type !== assertionType) {
      return { ids: [], credentials: [] };
    }
    const clientId = unverifiedClientId(client_assertion, 'sub');
    return { ids: clientId === undefined ? [] : [clientId], credentials: [client_assertion] };
  },

  async verify({ credentials: [assertion] }, client, options) {
    if (assertion === undefined) return notVerified('no_assertion');
    const now = options.clock();
    const claims = await verifyClientJwt(assertion, client ?? { keys: [] }, now);
    if (!client) return notVerified('unknown_client');
    if (!claims.ok) return notVerified(claims.error.reason, claims.error.description);
    const rule = rules.find(({ isKept }) => !isKept(claims.value, client, options, now));
    if (rule) return notVerified(rule.reason, rule.description(client, options));
    const isFirstUse = await options.replays.firstUse(
      assertionUse(assertion, claims.value, client.id),
      Math.ceil(claims.value.exp ?? now) + clockSkew,
      now,
    );
    if (isFirstUse) return { verified: true };
    return notVerified(
      'assertion_replayed',
      'The assertion was used before: make one for each request, with a jti of its own.',
    );
  },
};

interface Rule {
  readonly reason: string;
  readonly isKept: (claims: JWTPayload, client: Client, options: AssertionOptions, now: number) => boolean;
  readonly description: (client: Client, options: AssertionOptions) => string;
}
type AssertionOptions = Pick<VerificationOptions, 'issuer' | 'clientAssertions'>;

/** The checks of RFC 7523 §3 on the claims, which are made once the signature and the times have been verified. */
const rules: readonly Rule[] = [
  {
    // Points 1 and 2
    reason: 'assertion_of_another',
    isKept: ({ iss, sub }, { id }) => iss === id && sub === id,
    description: () => 'The iss and the sub of the assertion must be the client_id.',
  },
  {
    // Point 3
    reason: 'assertion_audience',
    isKept: ({ aud }, client, options) => isIntendedAudience(aud, client, options),
    description: ({ fapi }, { issuer }) =>
      `The aud of the assertion must be the issuer, ${issuer}, ${fapi ? 'as a string' : 'and nothing else'}.`,
  },
  {
    // Point 4
    reason: 'assertion_lives_too_long',
    isKept: ({ exp }, client, { clientAssertions }, now) =>
      exp !== undefined && exp <= now + maximumLifetime(client, clientAssertions) + clockSkew,
    description: (client, { clientAssertions }) =>
      `The assertion must have an exp, at most ${maximumLifetime(client, clientAssertions)} seconds ahead.`,
  },
  {
    // Point 6
    reason: 'assertion_from_the_future',
    isKept: ({ iat }, _, __, now) => iat === undefined || iat <= now + clockSkew,
    description: () => 'The iat of the assertion is in the future: check the clock.',
  },
  {
    // Point 7. jose does not check that jti is a string.
    reason: 'assertion_without_jti',
    isKept: ({ jti }, { fapi }) => (jti === undefined ? !fapi : typeof jti === 'string' && jti !== ''),
    description: () => 'The jti of the assertion must be a string that is not empty.',
  },
];

const maximumLifetime = ({ fapi }: Client, { maximumLifetime: of }: ClientAssertionPolicy) =>
  fapi ? of.fapi : of.default;

/** FAPI 2.0 Security Profile §5.3.2.1, and draft-ietf-oauth-rfc7523bis: the issuer alone. */
function isIntendedAudience(
  aud: JWTPayload['aud'],
  { fapi }: Client,
  { issuer, clientAssertions }: AssertionOptions,
): boolean {
  if (fapi || aud === undefined) return aud === issuer;
  const audiences = [aud].flat();
  if (clientAssertions.tokenEndpointAudience) {
    const ours = [issuer, issuer + endpoints.token];
    return audiences.length > 0 && audiences.every((audience) => ours.includes(audience));
  }
  return audiences.length === 1 && audiences[0] === issuer;
}
