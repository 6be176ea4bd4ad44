import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localStages } from './stages.ts';
import { call } from './wire.ts';

const { sandbox, production } = await localStages();

for (const stage of [sandbox, production]) {
  test(`${stage.url}: both discovery documents say the same, truthfully, and may be cached`, async () => {
    const document = await call(`${stage.url}/.well-known/oauth-authorization-server`);
    const same = await call(`${stage.url}/.well-known/openid-configuration`);
    assert.equal(document.status, 200);
    assert.deepEqual(same.body, document.body);
    assert.equal(document.headers.get('cache-control'), 'public, max-age=3600');
    assert.equal(document.body['issuer'], stage.issuer);
    assert.equal(document.body['token_endpoint'], `${stage.issuer}/oauth/token`);
    assert.deepEqual(document.body['grant_types_supported'], [
      'client_credentials',
      'urn:ietf:params:oauth:grant-type:jwt-bearer',
      'urn:ietf:params:oauth:grant-type:token-exchange',
    ]);
    assert.deepEqual(document.body['token_endpoint_auth_methods_supported'], [
      'client_secret_basic',
      'client_secret_post',
      'private_key_jwt',
      'none',
    ]);
    for (const endpoint of ['revocation_endpoint', 'introspection_endpoint']) {
      const { status } = await call(String(document.body[endpoint]), { method: 'POST' });
      assert.equal(status, 401, 'it is there, and asks who calls');
    }
    assert.deepEqual(document.body['response_types_supported'], []);
  });

  test(`${stage.url}: the key set has the current and the next key, public members alone, and an ETag`, async () => {
    const { status, headers, body } = await call(`${stage.url}/.well-known/jwks.json`);
    assert.equal(status, 200);
    assert.equal(headers.get('cache-control'), 'public, max-age=300');
    const keys = body['keys'] as Record<string, unknown>[];
    assert.equal(keys.length, 2);
    assert.equal(new Set(keys.map(({ kid }) => kid)).size, 2);
    for (const key of keys) {
      assert.deepEqual(Object.keys(key).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use']);
      assert.deepEqual([key['alg'], key['use'], key['kty']], ['RS256', 'sig', 'RSA']);
    }
    const etag = headers.get('etag') ?? '';
    const cached = await fetch(`${stage.url}/.well-known/jwks.json`, { headers: { 'if-none-match': etag } });
    assert.equal(cached.status, 304);
    assert.equal(await cached.text(), '');
  });
}

test('the stages share no key', async () => {
  const kids = await Promise.all(
    [sandbox, production].map(async ({ url }) => {
      const { body } = await call(`${url}/.well-known/jwks.json`);
      return (body['keys'] as { kid: string }[]).map(({ kid }) => kid);
    }),
  );
  assert.equal(new Set(kids.flat()).size, 4);
});
