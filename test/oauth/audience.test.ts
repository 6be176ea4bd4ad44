import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { accessTokenType, clientCredentials, partner, stage, stock, tokenExchange } from './partner.ts';

const asking = await partner({ audiences: [stock, 'urn:orders'] });

describe('resource and audience', () => {
  const request = (more: TokenParameters): TokenParameters => ({
    grant_type: clientCredentials,
    scope: 'orders:read',
    ...more,
  });

  test('resource makes the token for one audience of those that the client may have', async () => {
    const cases: [string, TokenParameters][] = [
      [stage.issuer, {}],
      [stage.issuer, { resource: stage.issuer }],
      [stock, { resource: stock }],
      ['urn:orders', { resource: 'urn:orders' }],
    ];
    for (const [aud, more] of cases) expect((await asking.issued(request(more))).claims.aud).toBe(aud);
  });

  test('refuses every other resource', async () => {
    for (const resource of [`${stock}/`, stock.toUpperCase(), 'https://other.example.com', 'stock']) {
      assert.equal((await asking.refused(request({ resource }))).code, 'invalid_target', resource);
    }
    const plain = await partner();
    expect((await plain.refused(request({ resource: stock }))).code).toBe('invalid_target');
  });

  test('audience is no parameter of client credentials: unknown ones are ignored', async () => {
    const { claims } = await asking.issued(request({ audience: 'https://other.example.com' }));
    expect(claims.aud).toBe(stage.issuer);
  });

  test('refuses resource and audience that differ, where both are parameters', async () => {
    const to = await partner({ grants: [tokenExchange], audiences: [stock, 'urn:orders'] });
    const { response } = await asking.issued(request({}));
    const error = await to.refused({
      grant_type: tokenExchange,
      subject_token: response.access_token,
      subject_token_type: accessTokenType,
      resource: stock,
      audience: 'urn:orders',
    });
    expect(error.code).toBe('invalid_target');
  });
});
