import { describe, expect, test } from '@jest/globals';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { accessTokenType, clientCredentials, partner, stage, stock, tokenExchange } from './partner.ts';

const client = await partner({ audiences: [stock, 'urn:orders', 'stock'] });
const withoutAudiences = await partner();

const request = (more: TokenParameters): TokenParameters => ({
  grant_type: clientCredentials,
  scope: 'orders:read',
  ...more,
});

describe('resource and audience of a token request', () => {
  test.each<[string, TokenParameters, string]>([
    ['the stage by default', {}, stage.issuer],
    ['the stage', { resource: stage.issuer }, stage.issuer],
    ['a URL that the client is registered for', { resource: stock }, stock],
    ['a URN that the client is registered for', { resource: 'urn:orders' }, 'urn:orders'],
  ])('resource selects %s as aud', async (_, more, aud) => {
    expect((await client.issued(request(more))).claims.aud).toBe(aud);
  });

  test.each([`${stock}/`, stock.toUpperCase(), 'https://other.example.com', 'stocks'])(
    'refuses the resource %s, which the client is not registered for, with invalid_target',
    async (resource) => {
      expect((await client.refused(request({ resource }))).code).toBe('invalid_target');
    },
  );

  test('refuses the resource of another client with invalid_target', async () => {
    expect((await withoutAudiences.refused(request({ resource: stock }))).code).toBe('invalid_target');
  });

  test.each([stock, 'urn:orders', 'stock', stage.issuer])(
    'audience selects %s as aud, as resource does',
    async (audience) => {
      expect((await client.issued(request({ audience }))).claims.aud).toBe(audience);
      expect((await client.issued(request({ resource: audience }))).claims.aud).toBe(audience);
    },
  );

  test('refuses an unknown audience with invalid_target', async () => {
    const error = await client.refused(request({ audience: 'https://other.example.com' }));
    expect(error.code).toBe('invalid_target');
  });

  test('accepts a resource and an audience that are the same', async () => {
    const { claims } = await client.issued(request({ resource: stock, audience: stock }));
    expect(claims.aud).toBe(stock);
  });

  test('refuses a resource and an audience that differ with invalid_target', async () => {
    const error = await client.refused(request({ resource: stock, audience: 'urn:orders' }));
    expect([error.code, error.clientId]).toStrictEqual(['invalid_target', client.client.id]);
  });

  test('token exchange refuses a resource and an audience that differ with invalid_target', async () => {
    const exchanging = await partner({ grants: [tokenExchange], audiences: [stock, 'urn:orders'] });
    const { response } = await client.issued(request({}));
    const error = await exchanging.refused({
      grant_type: tokenExchange,
      subject_token: response.access_token,
      subject_token_type: accessTokenType,
      resource: stock,
      audience: 'urn:orders',
    });
    expect(error.code).toBe('invalid_target');
  });
});
