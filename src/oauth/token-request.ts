import type { Client } from '../clients/client.ts';
import { refuse } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';
import { issueAccessToken } from './access-token.ts';
import type { TokenResponse } from './access-token.ts';
import { authenticateClient } from './client-authentication.ts';
import type { AuthenticationContext } from './client-authentication.ts';
import { verifyDpopProof } from './dpop.ts';
import type { DpopContext } from './dpop.ts';
import { endpoints } from './endpoints.ts';
import { grants } from './grants.ts';
import type { Grant, GrantContext, TokenParameters } from './grants.ts';

export type TokenEndpointContext = AuthenticationContext & GrantContext & DpopContext;

/** What the token endpoint reads of a request. */
export interface TokenRequest {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The `DPoP` header. */
  readonly dpop?: string | undefined;
  readonly parameters: TokenParameters;
}

/** A token and, for the log, who got it. */
export interface IssuedToken {
  readonly response: TokenResponse;
  readonly clientId: string;
  readonly grantType: string;
}

/** The token endpoint (RFC 6749 §3.2), between a parsed request and the answer as a value. */
export async function requestToken(
  { authorization, dpop, parameters }: TokenRequest,
  context: TokenEndpointContext,
): Promise<Result<IssuedToken, OAuthError>> {
  const { grant_type: grantType } = parameters;
  if (grantType === undefined) return refuse('invalid_request', 'grant_type is missing.');
  const grant = grantOf(grantType);
  if (!grant) return refuse('unsupported_grant_type');

  const authenticated = await authenticateClient({ authorization, ...parameters }, context);
  if (!authenticated.ok) return authenticated;
  const { client } = authenticated.value;
  if (!client.grants.includes(grantType)) {
    return refuse('unauthorized_client', undefined, { clientId: client.id });
  }
  const jkt = await bindingKey(client, dpop, context);
  if (!jkt.ok) return jkt;
  const granted = await grant.grant(
    { authenticated: authenticated.value, parameters, jkt: jkt.value },
    context,
  );
  if (!granted.ok) return granted;
  const { issuer, signer, clock } = context;
  const issued = issueAccessToken(authenticated.value, granted.value, issuer, await signer(), clock());
  return ok({
    response: grant.answer ? { ...issued, ...grant.answer } : issued,
    clientId: client.id,
    grantType,
  });
}

function grantOf(grantType: string): Grant | undefined {
  const table: Readonly<Record<string, Grant>> = grants;
  return Object.hasOwn(table, grantType) ? table[grantType] : undefined;
}

/** The thumbprint of the key that the token will be bound to (RFC 9449 §5), if there is to be one. */
async function bindingKey(
  client: Client,
  proof: string | undefined,
  context: TokenEndpointContext,
): Promise<Result<string | undefined, OAuthError>> {
  if (proof === undefined) {
    if (!client.dpopBoundAccessTokens) return ok(undefined);
    return refuse('invalid_dpop_proof', 'This client must send a DPoP proof.', { clientId: client.id });
  }
  const htu = context.issuer.issuer + endpoints.token;
  const proven = await verifyDpopProof(proof, { htm: 'POST', htu }, context);
  return proven.ok ? ok(proven.value.jkt) : proven;
}
