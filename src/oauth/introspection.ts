import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import type { JwtSigner } from '../keys/sign-jwt.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { authenticateClient, authenticationParameters } from './client-authentication.ts';
import type { AuthenticationContext } from './client-authentication.ts';
import { demandAudience, verifyToken } from './token-verification.ts';
import type { VerificationContext, VerifiedToken } from './token-verification.ts';

/** RFC 7662 §2.1. `token_type_hint` is only a hint: a token says itself of which kind it is. */
export const introspectionParameters = [...authenticationParameters, 'token'] as const;
type IntrospectionParameters = { readonly [name in (typeof introspectionParameters)[number]]?: string };

/** RFC 9701 §3 and §5: what the answer is asked for as, and the `typ` of the JWT. */
export const introspectionJwtType = 'token-introspection+jwt';

export interface IntrospectionContext extends AuthenticationContext, VerificationContext {
  /** The stage's own audience: every client that may introspect serves it. */
  readonly audience: string;
  /** Signs answers that are asked for as a JWT. */
  readonly introspectionSigner: () => Promise<JwtSigner>;
}

/** RFC 7662 §2.2 */
type IntrospectionResponse =
  { readonly active: false } | ({ readonly active: true } & Readonly<Record<string, unknown>>);

/** What a token stands for, and who asked. */
export interface Introspection {
  readonly clientId: string;
  readonly response: IntrospectionResponse;
}

/** Tells a client that may ask what a token stands for (RFC 7662); of a token that is not active, nothing. */
export async function introspectToken(
  authorization: string | undefined,
  parameters: IntrospectionParameters,
  context: IntrospectionContext,
): Promise<Result<Introspection, OAuthError>> {
  const authenticated = await authenticateClient({ authorization, ...parameters }, context);
  if (!authenticated.ok) return authenticated;
  const { client, method } = authenticated.value;
  // RFC 7662 §2.1: against token scanning, and §4: who may ask is decided for each client.
  if (method === 'none' || !client.mayIntrospect) {
    return refuse('introspection_not_allowed', undefined, { clientId: client.id });
  }
  const { token } = parameters;
  if (token === undefined) return refuse('invalid_request', 'token is missing.', { clientId: client.id });
  const verified = await verifyToken(token, context);
  // RFC 9701 §5: a token that is for somebody else is to this client as if it were none.
  const served = [context.audience, ...client.audiences];
  const active = verified.ok && served.some((audience) => !demandAudience(verified.value, audience));
  const response = active ? describe(verified.value, context.issuer) : { active: false as const };
  return ok({ clientId: client.id, response });
}

function describe(token: VerifiedToken, issuer: string): IntrospectionResponse {
  const { claims, jkt } = token;
  return {
    active: true,
    scope: token.scope,
    client_id: token.clientId,
    token_type: jkt === undefined ? 'bearer' : 'DPoP',
    exp: token.expiresAt,
    iat: token.issuedAt,
    nbf: token.issuedAt,
    sub: token.subject,
    iss: issuer,
    ...(token.audience !== undefined && { aud: token.audience }),
    ...(token.jti !== undefined && { jti: token.jti }),
    // RFC 9449 §6.2
    ...(jkt !== undefined && { cnf: { jkt } }),
    ...(token.account !== undefined && { mage_id: token.account }),
    // RFC 8693 §4.1, and whom a client acts for
    ...('act' in claims && { act: claims['act'] }),
    ...('owner' in claims && { owner: claims['owner'] }),
  };
}

/** The answer as a signed JWT (RFC 9701 §5). */
export async function signIntrospection(
  { clientId, response }: Introspection,
  { issuer, introspectionSigner, clock }: IntrospectionContext,
): Promise<string> {
  const sign = await introspectionSigner();
  return sign({ iss: issuer, aud: clientId, iat: clock(), token_introspection: response });
}
