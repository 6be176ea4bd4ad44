import type { JWTPayload } from 'jose';
import * as v from 'valibot';
import { isPrintableSubject, scopePatternMatches } from '../../clients/client.ts';
import type { Client } from '../../clients/client.ts';
import { failed, ok } from '../../result.ts';
import type { Result } from '../../result.ts';
import type { GrantClaims } from '../access-token.ts';
import { clockSkew } from '../client-jwt.ts';

/** What the claims of an assertion are checked against. */
export interface AssertionContext {
  readonly client: Client;
  /** `aud` values of assertions that are intended for this server. */
  readonly audiences: readonly string[];
  /** False if the assertion is all that shows which client sent it (RFC 7521 §4.1). */
  readonly clientIsAuthenticated: boolean;
  readonly now: number;
}

/** Whom an assertion allows its client to act for. */
export interface ActingFor {
  /** `sub` of the token, if it is not the client. */
  readonly subject?: string;
  /** Claims of the token. */
  readonly claims?: Pick<GrantClaims, 'owner' | 'custom_claim'>;
  /** NumericDate until which the assertion could be used again. */
  readonly usableUntil: number;
}

/** Reads what an assertion with valid registered claims states, or returns what is wrong with it. */
type AssertionForm = (claims: JWTPayload, context: AssertionContext) => Result<ActingFor, string>;

/** The claim in which Commerce Layer's clients state whom they act for. */
const claimsName = 'https://commercelayer.io/claims';

/** Maximum age by `iat` of an assertion that need not expire, and maximum time until its `exp`, in seconds. */
const maximumAge = 300;

/** Maximum time until the `exp` of an assertion that must expire, in seconds. Each one is remembered until then. */
export const maximumGrantAssertionLifetime = 3_600;

const Owner = v.object({
  type: v.pipe(v.string(), v.minLength(1), v.maxLength(100)),
  id: v.pipe(v.string(), v.minLength(1), v.maxLength(200)),
});
const CustomClaim = v.record(v.string(), v.unknown());

/** Some programs state what they leave out as null. */
const OwnerClaims = v.pipe(
  v.object({ owner: v.nullish(Owner), custom_claim: v.nullish(CustomClaim) }),
  v.transform(({ owner, custom_claim }) => ({
    ...(owner && { owner }),
    ...(custom_claim && { custom_claim }),
  })),
  v.check(({ owner, custom_claim = {} }) => owner !== undefined || Object.keys(custom_claim).length > 0),
);

/**
 * Commerce Layer's form: an owner, further claims, or both, in a claim of its own.
 *
 * Known deviation from RFC 7523 §3: its clients send neither `iss`, `sub`, `aud` nor `exp`. These are verified if they
 * are present. `iat`, which its clients send, is required and must be recent.
 */
const ownerForm: AssertionForm = ({ iat, exp, sub, [claimsName]: stated }, { client, now }) => {
  if (iat === undefined) return failed('The assertion must have an iat.');
  if (iat < now - maximumAge - clockSkew) return failed(`The assertion is older than ${maximumAge} seconds.`);
  if (exp !== undefined && exp > now + maximumAge + clockSkew) {
    return failed(`The assertion must expire within ${maximumAge} seconds.`);
  }
  const parsed = v.safeParse(OwnerClaims, stated);
  if (!parsed.success) {
    return failed(
      `The assertion must have an owner, with type and id, or a custom_claim with members, in ${claimsName}.`,
    );
  }
  const { owner } = parsed.output;
  if (sub !== undefined && sub !== client.id && sub !== owner?.id) {
    return failed('The sub of the assertion must be the client_id or the id of the owner.');
  }
  if (owner && client.subjects.length > 0 && !mayActFor(client, owner.id)) return failed(subjectRefusal);
  // Through the last second in which the assertion is recent enough.
  return ok({ claims: parsed.output, usableUntil: now + maximumAge + 2 * clockSkew + 1 });
};

/** RFC 7523 §3: the subject is whom the client acts for. */
const subjectForm: AssertionForm = ({ iss, sub, exp }, { client, now }) => {
  if (iss === undefined) return failed('The assertion must have an iss, which is the client_id.');
  if (sub === undefined) return failed('The assertion must have a sub, or an owner in Commerce Layer form.');
  if (exp === undefined) return failed('The assertion must have an exp.');
  if (exp > now + maximumGrantAssertionLifetime + clockSkew) {
    return failed(`The assertion must expire within ${maximumGrantAssertionLifetime} seconds.`);
  }
  if (!isPrintableSubject(sub) || !mayActFor(client, sub)) return failed(subjectRefusal);
  return ok({ subject: sub, usableUntil: Math.ceil(exp) + clockSkew + 1 });
};

const subjectRefusal = 'The client is not registered to act for the subject of the assertion.';

const mayActFor = ({ id, subjects }: Client, subject: string) =>
  subject === id || subjects.some((pattern) => scopePatternMatches(pattern, subject));

/** Whom an assertion allows its client to act for, or what is wrong with its claims. */
export function actingForOf(claims: JWTPayload, context: AssertionContext): Result<ActingFor, string> {
  const problem = registeredClaimsProblem(claims, context);
  if (problem !== undefined) return failed(problem);
  return (claimsName in claims ? ownerForm : subjectForm)(claims, context);
}

/** What is wrong with the registered claims of an assertion in either form; undefined if nothing is. */
function registeredClaimsProblem(
  { iss, sub, aud, iat, jti }: JWTPayload,
  { client, audiences, clientIsAuthenticated, now }: AssertionContext,
): string | undefined {
  if (!clientIsAuthenticated && (iss === undefined || aud === undefined)) {
    return 'The assertion must have iss and aud, because the client does not authenticate.';
  }
  if (iss !== undefined && iss !== client.id) return 'The iss of the assertion must be the client_id.';
  if (aud !== undefined && ![aud].flat().some((audience) => audiences.includes(audience))) {
    return 'The aud of the assertion must be the issuer or the token endpoint.';
  }
  // jose does not check that these are strings.
  if (sub !== undefined && typeof sub !== 'string') return 'The sub of the assertion must be a string.';
  if (jti !== undefined && typeof jti !== 'string') return 'The jti of the assertion must be a string.';
  return iat !== undefined && iat > now + clockSkew
    ? 'The iat of the assertion is in the future.'
    : undefined;
}
