import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { ClientAuthenticationMethod } from '../client-authentication.ts';
import { clockSkew, verifyClientJwt } from '../client-jwt.ts';

/** RFC 7523 §2.2 */
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Seconds that an assertion may live: longer ones would have to be remembered for longer. */
const maximumLifetime = 300;

const refused = (reason: string) => ({ proven: false as const, reason });

/** `private_key_jwt`: an assertion signed with a key that is registered for the client (RFC 7523 §2.2, §3). */
export const privateKeyJwt: ClientAuthenticationMethod = {
  present({ client_assertion, client_assertion_type }) {
    if (client_assertion === undefined && client_assertion_type === undefined) return undefined;
    if (client_assertion === undefined || client_assertion_type !== assertionType)
      return { ids: [], credentials: [] };
    const clientId = subjectOf(client_assertion);
    return { ids: clientId === undefined ? [] : [clientId], credentials: [client_assertion] };
  },

  async prove({ credentials: [assertion] }, client, { assertionAudiences, replays, clock }) {
    if (assertion === undefined || !client) return refused('no_assertion');
    const now = clock();
    const claims = await verifyClientJwt(assertion, client, now);
    if (!claims.ok) return refused(claims.error);
    const { iss, sub, aud, exp, iat, jti } = claims.value;
    // RFC 7523 §3, points 1 to 4
    if (iss !== client.id || sub !== client.id) return refused('assertion_of_another');
    const audiences = [aud ?? []].flat();
    if (!audiences.some((audience) => assertionAudiences.includes(audience)))
      return refused('assertion_audience');
    if (exp === undefined || exp > now + maximumLifetime + clockSkew)
      return refused('assertion_lives_too_long');
    if (iat !== undefined && iat > now + clockSkew) return refused('assertion_from_the_future');
    // RFC 7523 §3, point 7: used once. Last, so that only a genuine assertion is remembered.
    // jose leaves its type unchecked.
    if (typeof jti !== 'string' || jti === '') return refused('assertion_without_jti');
    const use = createHash('sha256').update(`assertion ${client.id} ${jti}`).digest('base64url');
    if (!(await replays.firstUse(use, Math.ceil(exp) + clockSkew, now))) return refused('assertion_replayed');
    return { proven: true };
  },
};

/** Who the assertion says it is of: to find the keys that it is then verified with. */
function subjectOf(assertion: string): string | undefined {
  try {
    const { sub }: { readonly sub?: unknown } = decodeJwt(assertion);
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
