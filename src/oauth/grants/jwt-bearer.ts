import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
import * as v from 'valibot';
import { errorResult } from '../../errors.ts';
import { ok } from '../../result.ts';
import { grantAudience } from '../audience.ts';
import { clockSkew, verifyClientJwt } from '../client-jwt.ts';
import { endpoints } from '../endpoints.ts';
import type { Grant } from '../grant.ts';
import { grantScope } from '../scope.ts';

/** Maximum age of an assertion by its `iat`, and maximum time until its `exp`, in seconds. */
const maximumAge = 300;

/** The claim in which Commerce Layer's clients state whom they act for. */
const claimsName = 'https://commercelayer.io/claims';

const ActingFor = v.object({
  owner: v.object({
    type: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
    id: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
  }),
  custom_claim: v.exactOptional(v.record(v.string(), v.unknown())),
});

/**
 * RFC 7523 §2.1: an assertion that is signed with a key of the client allows it to act for an owner.
 *
 * Known deviation from RFC 7523 §3: Commerce Layer's clients send neither `iss`, `sub`, `aud` nor `exp`. These are
 * verified if they are present. `iat`, which those clients send, is required and must be recent.
 */
export const jwtBearer: Grant = {
  async grant({ authenticated: { client }, parameters, jkt }, { issuer, replays, clock }) {
    const invalidGrant = (description: string, reason?: string) =>
      errorResult('invalid_grant', description, {
        clientId: client.id,
        ...(reason !== undefined && { reason }),
      });
    const { assertion } = parameters;
    if (assertion === undefined) {
      return errorResult('invalid_request', 'assertion is missing.', { clientId: client.id });
    }

    const now = clock();
    const claims = await verifyClientJwt(assertion, client, now);
    if (!claims.ok) {
      return invalidGrant(
        claims.error.description ??
          'The assertion is not valid: it must be a JWT of at most 4096 bytes, signed with a key that is registered for this client.',
        claims.error.reason,
      );
    }
    const problem = claimsProblem(claims.value, {
      clientId: client.id,
      audiences: [issuer.issuer, issuer.issuer + endpoints.token, issuer.audience],
      now,
    });
    if (problem !== undefined) return invalidGrant(problem);
    const actingFor = v.safeParse(ActingFor, claims.value[claimsName]);
    if (!actingFor.success) {
      return invalidGrant(`The assertion must name an owner, with type and id, in ${claimsName}.`);
    }
    // RFC 7523 §3, point 2: the subject of the assertion.
    const { sub, jti } = claims.value;
    if (sub !== undefined && sub !== client.id && sub !== actingFor.output.owner.id) {
      return invalidGrant('The sub of the assertion must be the client_id or the id of the owner.');
    }

    const scope = grantScope(client, parameters.scope, issuer.policy);
    if (!scope.ok) return scope;
    const audience = grantAudience(client, parameters, issuer.audience);
    if (!audience.ok) return audience;

    // Last, so that a request that fails does not use up the assertion. An assertion without jti is identified by
    // its signing input, because the same signature can be encoded in several ways.
    const name = jti === undefined ? `jws ${assertion.slice(0, assertion.lastIndexOf('.'))}` : `jti ${jti}`;
    const use = createHash('sha256').update(`grant ${client.id} ${name}`).digest('base64url');
    // Remembered through the last second in which the assertion is recent enough.
    if (!(await replays.firstUse(use, now + maximumAge + 2 * clockSkew + 1, now))) {
      return invalidGrant('The assertion was used before.', 'assertion_replayed');
    }
    return ok({ scope: scope.value, audience: audience.value, jkt, claims: actingFor.output });
  },
};

/** What is wrong with the registered claims of an assertion; undefined if nothing is. */
function claimsProblem(
  { iss, aud, iat, exp, jti }: JWTPayload,
  { clientId, audiences, now }: { clientId: string; audiences: readonly string[]; now: number },
): string | undefined {
  if (iss !== undefined && iss !== clientId) return 'The iss of the assertion must be the client_id.';
  if (aud !== undefined && ![aud].flat().some((audience) => audiences.includes(audience))) {
    return 'The aud of the assertion must be the issuer or the token endpoint.';
  }
  // jose does not check that jti is a string.
  if (jti !== undefined && typeof jti !== 'string') return 'The jti of the assertion must be a string.';
  if (iat === undefined) return 'The assertion must have an iat.';
  if (iat > now + clockSkew) return 'The iat of the assertion is in the future.';
  if (iat < now - maximumAge - clockSkew) return `The assertion is older than ${maximumAge} seconds.`;
  if (exp !== undefined && exp > now + maximumAge + clockSkew) {
    return `The assertion must expire within ${maximumAge} seconds.`;
  }
  return undefined;
}
