import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import * as v from 'valibot';
import { refuse } from '../../errors.ts';
import { ok } from '../../result.ts';
import { clockSkew, verifyClientJwt } from '../client-jwt.ts';
import { endpoints } from '../endpoints.ts';
import type { Grant } from '../grants.ts';
import { grantScope } from '../scope.ts';
import { grantTarget } from '../target.ts';

/** Seconds for which an assertion is fresh after its `iat`, and within which it must expire. */
const maximumAge = 300;

/** The claim that Commerce Layer's clients say in whom they act for. */
const claimsName = 'https://commercelayer.io/claims';

const ActingFor = v.object({
  owner: v.object({
    type: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    id: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  }),
  custom_claim: v.exactOptional(v.record(v.string(), v.unknown())),
});

/**
 * RFC 7523 §2.1: an assertion, signed with a key that is registered for the client, lets it act for an owner.
 *
 * Known deviation from RFC 7523 §3: programs of Commerce Layer send neither `iss`, `sub`, `aud` nor `exp`, so
 * that these are checked where they are there, and `iat`, which they send, is demanded and must be fresh.
 */
export const jwtBearer: Grant = {
  async grant({ authenticated: { client }, parameters, jkt }, { issuer, replays, clock }) {
    const { assertion } = parameters;
    const refused = (code: 'invalid_request' | 'invalid_grant', description: string, reason?: string) =>
      refuse(code, description, { clientId: client.id, ...(reason !== undefined && { reason }) });
    if (assertion === undefined) return refused('invalid_request', 'assertion is missing.');

    const now = clock();
    const claims = await verifyClientJwt(assertion, client, now);
    if (!claims.ok) {
      return refused(
        'invalid_grant',
        'The assertion is not valid: it must be a JWT of 4096 bytes at most, signed with a key that is registered for this client.',
        claims.error,
      );
    }
    const mistake = mistakeIn(claims.value, {
      clientId: client.id,
      audiences: [issuer.issuer, issuer.issuer + endpoints.token, issuer.audience],
      now,
    });
    if (mistake !== undefined) return refused('invalid_grant', mistake);
    const actingFor = v.safeParse(ActingFor, claims.value[claimsName]);
    if (!actingFor.success) {
      return refused(
        'invalid_grant',
        `The assertion must name an owner, with type and id, in ${claimsName}.`,
      );
    }

    // RFC 7523 §3, point 2: whom the assertion is about.
    const { sub } = claims.value;
    if (sub !== undefined && sub !== client.id && sub !== actingFor.output.owner.id) {
      return refused(
        'invalid_grant',
        'The sub of the assertion must be the client_id or the id of the owner.',
      );
    }

    const scope = grantScope(client, parameters.scope, issuer.policy);
    if (!scope.ok) return scope;
    const audience = grantTarget(client, parameters, issuer.audience);
    if (!audience.ok) return audience;

    // Last, so that a request that fails does not use the assertion up.
    // Without a jti it is what was signed: a signature can be written in more than one way.
    const { jti } = claims.value;
    const name = jti === undefined ? `jws ${assertion.slice(0, assertion.lastIndexOf('.'))}` : `jti ${jti}`;
    const use = createHash('sha256').update(`grant ${client.id} ${name}`).digest('base64url');
    // Remembered through the last second in which the assertion is still fresh.
    if (!(await replays.firstUse(use, now + maximumAge + 2 * clockSkew + 1, now))) {
      return refused('invalid_grant', 'The assertion was used before.', 'assertion_replayed');
    }
    return ok({ scope: scope.value, audience: audience.value, jkt, claims: actingFor.output });
  },
};

function mistakeIn(
  { iss, aud, iat, exp, jti }: JWTPayload,
  { clientId, audiences, now }: { clientId: string; audiences: readonly string[]; now: number },
): string | undefined {
  if (iss !== undefined && iss !== clientId) return 'The iss of the assertion must be the client_id.';
  if (aud !== undefined && ![aud].flat().some((audience) => audiences.includes(audience))) {
    return 'The aud of the assertion must be the issuer or the token endpoint.';
  }
  // jose leaves its type unchecked.
  if (jti !== undefined && typeof jti !== 'string') return 'The jti of the assertion must be a text.';
  if (iat === undefined) return 'The assertion must say with iat when it was made.';
  if (iat > now + clockSkew) return 'The iat of the assertion is in the future.';
  if (iat < now - maximumAge - clockSkew) return `The assertion is older than ${maximumAge} seconds.`;
  if (exp !== undefined && exp > now + maximumAge + clockSkew) {
    return `The assertion must expire within ${maximumAge} seconds.`;
  }
  return undefined;
}
