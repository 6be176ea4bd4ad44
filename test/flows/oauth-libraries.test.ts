import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { localStages } from './stages.ts';

const { sandbox, production } = localStages();

for (const stage of [sandbox, production]) {
  const { clientId, clientSecret } = stage.integration;
  const server = new URL(stage.url);

  test.each(['oauth2', 'oidc'] as const)(
    `openid-client finds ${stage.url} and gets a token with each method: %s`,
    async (algorithm) => {
      for (const authentication of [
        client.ClientSecretBasic(clientSecret),
        client.ClientSecretPost(clientSecret),
      ]) {
        const config = await client.discovery(server, clientId, undefined, authentication, {
          algorithm,
          execute: [client.allowInsecureRequests],
        });
        const scope = 'marketplace.order:read';
        const tokens = await client.clientCredentialsGrant(config, { scope });
        expect(tokens.token_type).toBe('bearer');
        expect(tokens.expires_in).toBe(7_200);
        expect(tokens.scope).toBe(scope);
      }
    },
  );

  test(`openid-client gets a token for a sales channel of ${stage.url}`, async () => {
    const config = await client.discovery(server, stage.salesChannel.clientId, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    const tokens = await client.clientCredentialsGrant(config, { scope: 'market:id:xYZkjABcde' });
    expect(tokens.expires_in).toBe(14_400);
  });

  test(`oauth4webapi accepts the answers of ${stage.url}, and its tokens as RFC 9068 has them`, async () => {
    const insecure = { [oauth.allowInsecureRequests]: true };
    const metadata = await oauth.discoveryRequest(server, { algorithm: 'oauth2', ...insecure });
    const as = await oauth.processDiscoveryResponse(server, metadata);
    const partner = { client_id: clientId };
    const authentication = oauth.ClientSecretBasic(clientSecret);
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      partner,
      authentication,
      { scope: 'marketplace.order:read' },
      insecure,
    );
    const tokens = await oauth.processClientCredentialsResponse(as, partner, response);
    const request = new Request(`${stage.url}/anything`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    const claims = await oauth.validateJwtAccessToken(as, request, stage.issuer, insecure);
    expect(claims.client_id).toBe(clientId);
  });

  test(`oauth4webapi reads a refusal of ${stage.url} as one`, async () => {
    const as = { issuer: stage.issuer, token_endpoint: `${stage.url}/oauth/token` };
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      { client_id: clientId },
      oauth.ClientSecretBasic('wrong'),
      {},
      { [oauth.allowInsecureRequests]: true },
    );
    await assert.rejects(
      oauth.processClientCredentialsResponse(as, { client_id: clientId }, response),
      (error) => {
        assert.ok(
          error instanceof oauth.WWWAuthenticateChallengeError || error instanceof oauth.ResponseBodyError,
        );
        return error.status === 401;
      },
    );
  });
}
