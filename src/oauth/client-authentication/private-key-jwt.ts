import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import { clockSkew, verifyClientJwt } from '../client-jwt.ts';
import type { ClientAuthenticationMethod } from './method.ts';

/** RFC 7523 §2.2 */
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** Seconds that an assertion may live. Each one is remembered until it expires. */
const maximumLifetime = 300;

const notVerified = (reason: string) => ({ verified: false as const, reason });

/** `private_key_jwt`: an assertion that is signed with a key of the client (RFC 7523 §2.2, §3). */
export const privateKeyJwt: ClientAuthenticationMethod = {
  present({ client_assertion, client_assertion_type }) {
    if (client_assertion === undefined && client_assertion_type === undefined) return undefined;
    if (client_assertion === undefined || client_assertion_type !== assertionType) {
      return { ids: [], credentials: [] };
    }
    const clientId = unverifiedSubject(client_assertion);
    return { ids: clientId === undefined ? [] : [clientId], credentials: [client_assertion] };
  },

  async verify({ credentials: [assertion] }, client, { assertionAudiences, replays, clock }) {
    if (assertion === undefined || !client) return notVerified('no_assertion');
    const now = clock();
    const claims = await verifyClientJwt(assertion, client, now);
    if (!claims.ok) return notVerified(claims.error);
    const { iss, sub, aud, exp, iat, jti } = claims.value;
    // RFC 7523 §3, points 1 to 4
    if (iss !== client.id || sub !== client.id) return notVerified('assertion_of_another');
    if (![aud ?? []].flat().some((audience) => assertionAudiences.includes(audience))) {
      return notVerified('assertion_audience');
    }
    if (exp === undefined || exp > now + maximumLifetime + clockSkew) {
      return notVerified('assertion_lives_too_long');
    }
    if (iat !== undefined && iat > now + clockSkew) return notVerified('assertion_from_the_future');
    // RFC 7523 §3, point 7: used once. Checked last, so that only a valid assertion is remembered.
    // jose does not check that jti is a string.
    if (typeof jti !== 'string' || jti === '') return notVerified('assertion_without_jti');
    const use = createHash('sha256').update(`assertion ${client.id} ${jti}`).digest('base64url');
    const isFirstUse = await replays.firstUse(use, Math.ceil(exp) + clockSkew, now);
    return isFirstUse ? { verified: true } : notVerified('assertion_replayed');
  },
};

/** The `sub` of an assertion whose signature is not verified yet, to find the keys that verify it. */
function unverifiedSubject(assertion: string): string | undefined {
  try {
    const { sub }: { readonly sub?: unknown } = decodeJwt(assertion);
    return typeof sub === 'string' ? sub : undefined;
  } catch {
    return undefined;
  }
}
