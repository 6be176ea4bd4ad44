import type { Clock } from '../clock.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import type { JwtSigner } from '../keys/sign-jwt.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import type { AuthenticateClient } from './client-authentication.ts';
import { authenticationParameters } from './client-authentication/method.ts';
import { isForAudience } from './token-verification.ts';
import type { VerifiedAccessToken, VerifiedToken, VerifyToken } from './token-verification.ts';

/** RFC 7662 §2.1. `token_type_hint` is ignored: the form of a token shows its kind. */
export const introspectionParameters = [...authenticationParameters, 'token'] as const;
type IntrospectionParameters = { readonly [name in (typeof introspectionParameters)[number]]?: string };

/** RFC 9701 §4 and §5: the media type that requests a JWT response, and the `typ` of that JWT. */
export const introspectionJwtType = 'token-introspection+jwt';

export interface IntrospectionCapabilities {
  readonly authenticateClient: AuthenticateClient;
  readonly verifyToken: VerifyToken;
  readonly issuer: string;
  /** The stage's own audience, which every client that may introspect serves. */
  readonly audience: string;
}

/** RFC 7662 §2.2 */
type IntrospectionResponse =
  { readonly active: false } | ({ readonly active: true } & Readonly<Record<string, unknown>>);

/** The response, and the client that it is for. */
export interface Introspection {
  readonly clientId: string;
  readonly response: IntrospectionResponse;
}

/** Introspects a token for a client that may do so (RFC 7662). About an inactive token it says nothing else. */
export async function introspectToken(
  authorization: string | undefined,
  parameters: IntrospectionParameters,
  { authenticateClient, verifyToken, issuer, audience: stageAudience }: IntrospectionCapabilities,
): Promise<Result<Introspection, RequestError>> {
  const authenticated = await authenticateClient({ authorization, ...parameters });
  if (!authenticated.ok) return authenticated;
  const { client, method } = authenticated.value;
  // RFC 7662 §2.1 and §4: only authorized clients, against token scanning.
  if (method === 'none' || !client.mayIntrospect) {
    return errorResult('introspection_not_allowed', undefined, { clientId: client.id });
  }
  const { token } = parameters;
  if (token === undefined) {
    return errorResult('invalid_request', 'token is missing.', { clientId: client.id });
  }
  const verified = await verifyToken(token);
  // RFC 9701 §5: a token for an audience that the client does not serve is inactive to it.
  const served = [stageAudience, ...client.audiences];
  const response =
    verified.ok && served.some((audience) => isForAudience(verified.value, audience))
      ? activeResponse(verified.value, issuer)
      : { active: false as const };
  return ok({ clientId: client.id, response });
}

function activeResponse(token: VerifiedToken, issuer: string): IntrospectionResponse {
  const { jkt } = token;
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
    ...(token.kind === 'session' ? { mage_id: token.account } : accessTokenMembers(token)),
  };
}

const accessTokenMembers = ({ audience, jti, jkt, claims }: VerifiedAccessToken) => ({
  aud: audience,
  jti,
  // RFC 9449 §6.2
  ...(jkt !== undefined && { cnf: { jkt } }),
  // RFC 8693 §4.1, and whom a client acts for
  ...('act' in claims && { act: claims['act'] }),
  ...('owner' in claims && { owner: claims['owner'] }),
});

/** The response as a signed JWT (RFC 9701 §5). */
export async function signIntrospection(
  { clientId, response }: Introspection,
  {
    issuer,
    introspectionSigner,
    clock,
  }: {
    readonly issuer: string;
    readonly introspectionSigner: () => Promise<JwtSigner>;
    readonly clock: Clock;
  },
): Promise<string> {
  const sign = await introspectionSigner();
  return sign({ iss: issuer, aud: clientId, iat: clock(), token_introspection: response });
}
