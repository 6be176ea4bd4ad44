import {
  clientCredentialsGrantType,
  grantTypes,
  jwtBearerGrantType,
  tokenExchangeGrantType,
} from '../clients/client.ts';
import type { Client } from '../clients/client.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import type { JwtSigner } from '../keys/sign-jwt.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';
import { issueAccessToken } from './access-token.ts';
import type { TokenResponse } from './access-token.ts';
import { allowedOriginError } from './allowed-origin.ts';
import { namedWithoutCredentials } from './client-authentication.ts';
import type { AuthenticateClient } from './client-authentication.ts';
import type { VerifyDpopProof } from './dpop.ts';
import { endpoints } from './endpoints.ts';
import type { Grant, GrantCapabilities, TokenParameters } from './grant.ts';
import { clientCredentials } from './grants/client-credentials.ts';
import { jwtBearer } from './grants/jwt-bearer.ts';
import { tokenExchange } from './grants/token-exchange.ts';

export interface TokenCapabilities extends GrantCapabilities {
  readonly authenticateClient: AuthenticateClient;
  readonly verifyDpopProof: VerifyDpopProof;
  /** Signs with the current key. */
  readonly signer: () => Promise<JwtSigner>;
}

/** A request to the token endpoint (RFC 6749 §3.2). */
export interface TokenRequest {
  /** The `Authorization` header. */
  readonly authorization: string | undefined;
  /** The `DPoP` header. */
  readonly dpop?: string | undefined;
  /** The `Origin` header. */
  readonly origin?: string | undefined;
  readonly parameters: TokenParameters;
}

/** A token and, for the log, the client that it was issued to and its names. */
export interface IssuedToken {
  readonly response: TokenResponse;
  readonly clientId: string;
  readonly grantType: string;
  readonly jti: string;
  /** `kid` of the key that signed it. */
  readonly kid: string;
}

/** The grants by `grant_type`. The metadata lists the same names. */
const grants: Readonly<Record<(typeof grantTypes)[number], Grant>> = {
  [clientCredentialsGrantType]: clientCredentials,
  [jwtBearerGrantType]: jwtBearer,
  [tokenExchangeGrantType]: tokenExchange,
};

/** Issues the requested token, or returns an error of RFC 6749 §5.2. */
export async function issueToken(
  { authorization, dpop, origin, parameters }: TokenRequest,
  capabilities: TokenCapabilities,
): Promise<Result<IssuedToken, RequestError>> {
  const { authenticateClient, signer, clock } = capabilities;
  if (parameters.grant_type === undefined) return errorResult('invalid_request', 'grant_type is missing.');
  const grantType = grantTypes.find((name) => name === parameters.grant_type);
  if (grantType === undefined) return errorResult('unsupported_grant_type');

  const { grant, identify, issuedTokenType } = grants[grantType];
  const credentials = { authorization, ...parameters };
  const named = identify && namedWithoutCredentials(credentials);
  const authenticated =
    identify && named
      ? await identify(parameters, named, capabilities)
      : await authenticateClient(credentials);
  if (!authenticated.ok) return authenticated;
  const { client } = authenticated.value;
  const originError = allowedOriginError(client, origin);
  if (originError) return failed(originError);
  if (!client.grants.includes(grantType)) {
    return errorResult('unauthorized_client', undefined, { clientId: client.id });
  }
  const jkt = await boundKey(client, dpop, capabilities);
  if (!jkt.ok) return jkt;
  const request = { authenticated: authenticated.value, parameters, jkt: jkt.value };
  const granted = await grant(request, capabilities);
  if (!granted.ok) return granted;
  const sign = await signer();
  const issuedAt = clock();
  // Only a token exchange has it. Its token may have expired while stores were read.
  if (issuedAt >= (granted.value.expiresBy ?? Infinity)) {
    return errorResult('invalid_request', 'The subject_token has expired.', { clientId: client.id });
  }
  const { response, jti } = issueAccessToken(
    authenticated.value,
    granted.value,
    capabilities,
    sign,
    issuedAt,
  );
  return ok({
    response: issuedTokenType === undefined ? response : { ...response, issued_token_type: issuedTokenType },
    clientId: client.id,
    grantType,
    jti,
    kid: sign.kid,
  });
}

/** The thumbprint of the key that the token will be bound to (RFC 9449 §5); undefined for a bearer token. */
async function boundKey(
  client: Client,
  proof: string | undefined,
  { issuer, verifyDpopProof }: TokenCapabilities,
): Promise<Result<string | undefined, RequestError>> {
  if (proof === undefined) {
    if (!client.dpopBoundAccessTokens) return ok(undefined);
    return errorResult('invalid_dpop_proof', 'This client must send a DPoP proof.', { clientId: client.id });
  }
  const verified = await verifyDpopProof(proof, { htm: 'POST', htu: issuer + endpoints.token });
  return verified.ok ? ok(verified.value.jkt) : failed({ ...verified.error, clientId: client.id });
}
