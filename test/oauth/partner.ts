import assert from 'node:assert/strict';
import { decodeJwt } from 'jose';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import type { TokenCapabilities } from '../../src/oauth/token-request.ts';
import { dpopProof } from './client-keys.ts';
import type { PartnerKey } from './client-keys.ts';
import { basic, memoryStage } from './stage.ts';

export const clientCredentials = 'client_credentials';
export const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
export const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
export const claimsName = 'https://commercelayer.io/claims';
export const stock = 'https://stock.example.com';

export const stage = await memoryStage();
export const { now } = stage.time;
export type Stage = typeof stage;
export type Changes = Readonly<Record<string, unknown>>;

interface RequestOptions {
  readonly context?: TokenCapabilities;
  readonly dpop?: string;
}

/** A partner with a secret, and functions that request tokens with it. */
export async function partner(registration: Partial<ClientRegistration> = {}, at: Stage = stage) {
  const { client, secret = '' } = await at.register({ withSecret: true, ...registration });
  const request = (parameters: TokenParameters, { context = at.tokens, dpop }: RequestOptions = {}) =>
    issueToken({ authorization: basic(client.id, secret), dpop, parameters }, context);
  return {
    client,
    authorization: basic(client.id, secret),
    async issued(parameters: TokenParameters, options?: RequestOptions) {
      const result = await request(parameters, options);
      assert.ok(result.ok, JSON.stringify(result));
      const { response } = result.value;
      return { response, claims: decodeJwt(response.access_token) };
    },
    async refused(parameters: TokenParameters, options?: RequestOptions) {
      const result = await request(parameters, options);
      assert.ok(!result.ok, 'must be refused');
      return result.error;
    },
  };
}
export type Partner = Awaited<ReturnType<typeof partner>>;

export const proofOf = (key: PartnerKey, changes: Changes = {}) =>
  dpopProof(key, { htm: 'POST', htu: `${stage.issuer}/oauth/token`, iat: stage.time.now, ...changes });
