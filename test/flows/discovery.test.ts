import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { localStages } from './stages.ts';
import { call } from './wire.ts';

const { sandbox, production } = localStages();

for (const stage of [sandbox, production]) {
  test.each(['revocation_endpoint', 'introspection_endpoint'])(
    `${stage.url}: both discovery documents say the same, truthfully, and may be cached: %s`,
    async (endpoint) => {
      const document = await call(`${stage.url}/.well-known/oauth-authorization-server`);
      const same = await call(`${stage.url}/.well-known/openid-configuration`);
      expect(document.status).toBe(200);
      expect(same.body).toStrictEqual(document.body);
      expect(document.headers.get('cache-control')).toBe('public, max-age=3600');
      expect(document.body['issuer']).toBe(stage.issuer);
      expect(document.body['token_endpoint']).toBe(`${stage.issuer}/oauth/token`);
      expect(document.body['grant_types_supported']).toStrictEqual([
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ]);
      expect(document.body['token_endpoint_auth_methods_supported']).toStrictEqual([
        'client_secret_basic',
        'client_secret_post',
        'private_key_jwt',
        'none',
      ]);

      const { status } = await call(String(document.body[endpoint]), { method: 'POST' });
      assert.equal(status, 401, 'it is there, and asks who calls');

      expect(document.body['response_types_supported']).toStrictEqual([]);
    },
  );

  test(`${stage.url}: the key set has the current and the next key, public members alone, and an ETag`, async () => {
    const { status, headers, body } = await call(`${stage.url}/.well-known/jwks.json`);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('public, max-age=300');
    const keys = body['keys'] as Record<string, unknown>[];
    expect(keys.length).toBe(2);
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(2);
    for (const key of keys) {
      expect(Object.keys(key).toSorted()).toStrictEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
      expect([key['alg'], key['use'], key['kty']]).toStrictEqual(['RS256', 'sig', 'RSA']);
    }
    const etag = headers.get('etag') ?? '';
    const cached = await fetch(`${stage.url}/.well-known/jwks.json`, { headers: { 'if-none-match': etag } });
    expect(cached.status).toBe(304);
    expect(await cached.text()).toBe('');
  });
}

test('the stages share no key', async () => {
  const kids = await Promise.all(
    [sandbox, production].map(async ({ url }) => {
      const { body } = await call(`${url}/.well-known/jwks.json`);
      return (body['keys'] as { kid: string }[]).map(({ kid }) => kid);
    }),
  );
  expect(new Set(kids.flat()).size).toBe(4);
});
