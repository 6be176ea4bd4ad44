import { describe, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import * as client from 'openid-client';
import { localStages } from './stages.ts';

const { sandbox, production } = localStages();

describe.each(Object.entries({ sandbox, production }))('openid-client, %s', (_name, stage) => {
  const { clientId, clientSecret } = stage.integration;
  const server = new URL(stage.url);

  describe.each(['oauth2', 'oidc'] as const)('discovery by %s', (algorithm) => {
    test.each([
      ['client_secret_basic', client.ClientSecretBasic(clientSecret)],
      ['client_secret_post', client.ClientSecretPost(clientSecret)],
    ])('gets a token with %s', async (_method, authentication) => {
      const config = await client.discovery(server, clientId, undefined, authentication, {
        algorithm,
        execute: [client.allowInsecureRequests],
      });
      const scope = 'marketplace.order:read';
      const tokens = await client.clientCredentialsGrant(config, { scope });
      expect(tokens.token_type).toBe('bearer');
      expect(tokens.expires_in).toBe(7_200);
      expect(tokens.scope).toBe(scope);
    });
  });

  test('gets a token for a sales channel, which has no secret', async () => {
    const config = await client.discovery(server, stage.salesChannel.clientId, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    const tokens = await client.clientCredentialsGrant(config, { scope: 'market:id:xYZkjABcde' });
    expect(tokens.expires_in).toBe(14_400);
  });
});

describe.each(Object.entries({ sandbox, production }))('oauth4webapi, %s', (_name, stage) => {
  const { clientId, clientSecret } = stage.integration;
  const server = new URL(stage.url);
  const insecure = { [oauth.allowInsecureRequests]: true };

  test('accepts the responses, and the access token as RFC 9068 defines it', async () => {
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

  test('reads the refusal of a wrong secret as an OAuth error', async () => {
    const as = { issuer: stage.issuer, token_endpoint: `${stage.url}/oauth/token` };
    const response = await oauth.clientCredentialsGrantRequest(
      as,
      { client_id: clientId },
      oauth.ClientSecretBasic('wrong'),
      {},
      insecure,
    );
    const error: unknown = await oauth
      .processClientCredentialsResponse(as, { client_id: clientId }, response)
      .catch((reason: unknown) => reason);
    expect([oauth.WWWAuthenticateChallengeError, oauth.ResponseBodyError]).toContain(
      (error as Error).constructor,
    );
    expect(error).toHaveProperty('status', 401);
  });
});
