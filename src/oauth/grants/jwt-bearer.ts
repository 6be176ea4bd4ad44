import type { JWTPayload } from 'jose';
import { maximumClientIdLength } from '../../clients/client.ts';
import { errorResult } from '../../errors.ts';
import { ok } from '../../result.ts';
import type { Result } from '../../result.ts';
import { grantAudience } from '../audience.ts';
import type { AuthenticatedClient } from '../client-authentication.ts';
import { assertionUse, maximumAssertionLength, unverifiedClientId, verifyClientJwt } from '../client-jwt.ts';
import type { ClientJwtProblem } from '../client-jwt.ts';
import type { Dialect } from '../dialect.ts';
import { endpoints } from '../endpoints.ts';
import type { Grant, GrantCapabilities } from '../grant.ts';
import { grantScope } from '../scope.ts';
import { actingForOf } from './assertion-forms.ts';
import { hasUnsignedForm, readUnsignedAssertion } from './unsigned-assertion.ts';

/**
 * RFC 7523 §2.1: an assertion that is signed with a key of the client allows it to act for someone. The client may
 * authenticate besides, but need not (RFC 7521 §4.1).
 */
export const jwtBearer: Grant = {
  async identify({ assertion }, named, { findClient, clock, dialect }) {
    if (assertion === undefined) return errorResult(dialect.missingAssertion, 'assertion is missing.');
    const issuer = unverifiedClientId(assertion, 'iss');
    const isNamed = named.length === 0 || named.some((id) => id === issuer);
    const isFound = issuer !== undefined && issuer.length <= maximumClientIdLength && isNamed;
    const client = isFound ? await findClient(issuer) : undefined;
    const claims = await verifyClientJwt(assertion, client ?? { keys: [] }, clock());
    if (!client) return unverified({ reason: 'unknown_client' });
    const isEnabled = client.status === 'enabled';
    if (!claims.ok) return unverified(isEnabled ? claims.error : { reason: claims.error.reason }, client.id);
    if (!isEnabled) return unverified({ reason: 'client_disabled' }, client.id);
    // FAPI 2.0 Security Profile §5.3.2.1. Only the holder of one of its keys learns it.
    if (client.fapi) {
      return errorResult('invalid_client', 'A client under FAPI 2.0 must authenticate.', {
        clientId: client.id,
        reason: 'fapi_client_unauthenticated',
      });
    }
    return ok({ client, method: 'none', assertionClaims: claims.value });
  },

  async grant({ authenticated, parameters, jkt }, capabilities) {
    const { client, method } = authenticated;
    const { issuer, audience: stageAudience, policy, replays, clock, dialect } = capabilities;
    const { assertion } = parameters;
    if (assertion === undefined) {
      return errorResult(dialect.missingAssertion, 'assertion is missing.', { clientId: client.id });
    }
    const now = clock();
    const read = await readAssertion(assertion, authenticated, dialect, now);
    if (!read.ok) return unverified(read.error, client.id);
    const { claims, isSigned } = read.value;
    const actingFor = actingForOf(claims, {
      client,
      audiences: [issuer, issuer + endpoints.token, stageAudience],
      clientIsAuthenticated: method !== 'none',
      now,
    });
    if (!actingFor.ok) return errorResult('invalid_grant', actingFor.error, { clientId: client.id });
    const { subject = client.id, claims: statedClaims, usableUntil } = actingFor.value;
    // RFC 9700 §4.15: a token for another client's id would be taken for one of that client.
    if (subject !== client.id && (await isClientId(subject, capabilities))) {
      return errorResult('invalid_grant', 'The sub of the assertion is another client.', {
        clientId: client.id,
        reason: 'subject_is_a_client',
      });
    }

    const scope = grantScope(client, parameters.scope, policy);
    if (!scope.ok) return scope;
    const audience = grantAudience(client, parameters, stageAudience);
    if (!audience.ok) return audience;

    // Last, so that a request that fails does not use up the assertion. An unsigned one gives nobody a right: its
    // client can make another, and two requests of one second may well make the same.
    const use = assertionUse(assertion, claims, client.id);
    if (isSigned && !(await replays.firstUse(use, usableUntil, now))) {
      return errorResult('invalid_grant', 'The assertion was used before.', {
        clientId: client.id,
        reason: 'assertion_replayed',
      });
    }
    return ok({
      scope: scope.value,
      audience: audience.value,
      jkt,
      subject,
      ...(statedClaims && { claims: statedClaims }),
    });
  },
};

/**
 * Unknown and disabled clients, and assertions whose signature cannot be verified, get the same response. Of any other
 * assertion it names what is wrong.
 */
const unverified = ({ reason, description }: ClientJwtProblem, clientId?: string) =>
  errorResult(
    'invalid_grant',
    description ??
      `The assertion is not valid: it must be a JWT of at most ${maximumAssertionLength} bytes, signed with a key that is registered for this client.`,
    { reason, ...(clientId !== undefined && { clientId }) },
  );

interface Assertion {
  readonly claims: JWTPayload;
  /** Whether a registered key of the client has signed it. */
  readonly isSigned: boolean;
}

/** @returns the claims of an assertion, or what is wrong with it */
async function readAssertion(
  assertion: string,
  { client, method, assertionClaims }: AuthenticatedClient,
  { unsignedAssertions }: Dialect,
  now: number,
): Promise<Result<Assertion, ClientJwtProblem>> {
  if (assertionClaims) return ok({ claims: assertionClaims, isSigned: true });
  const usesSecret = method === 'client_secret_basic' || method === 'client_secret_post';
  const isUnsigned = unsignedAssertions && usesSecret && hasUnsignedForm(assertion);
  const claims = isUnsigned
    ? readUnsignedAssertion(assertion, now)
    : await verifyClientJwt(assertion, client, now);
  return claims.ok ? ok({ claims: claims.value, isSigned: !isUnsigned }) : claims;
}

const isClientId = async (subject: string, { findClient }: GrantCapabilities): Promise<boolean> =>
  subject.length <= maximumClientIdLength && (await findClient(subject)) !== undefined;
