import { beforeAll, describe, expect, test } from '@jest/globals';
import { localStages } from './stages.ts';
import { call } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const { sandbox, production } = localStages();

describe.each(Object.entries({ sandbox, production }))('discovery document, %s', (_name, stage) => {
  let document: JsonResponse;
  beforeAll(async () => {
    document = await call(`${stage.url}/.well-known/oauth-authorization-server`);
  });

  test('has for OpenID Connect the members that its libraries require, and is the same otherwise', async () => {
    const openid = await call(`${stage.url}/.well-known/openid-configuration`);
    expect(openid.status).toBe(200);
    expect(openid.body).toStrictEqual({
      ...document.body,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    });
  });

  test('may be cached for an hour', () => {
    expect(document.headers.get('cache-control')).toBe('public, max-age=3600');
  });

  test('names the issuer and the token endpoint', () => {
    expect(document.body['issuer']).toBe(stage.issuer);
    expect(document.body['token_endpoint']).toBe(`${stage.issuer}/oauth/token`);
  });

  test.each([
    [
      'grant_types_supported',
      [
        'client_credentials',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'urn:ietf:params:oauth:grant-type:token-exchange',
      ],
    ],
    [
      'token_endpoint_auth_methods_supported',
      ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    ],
    ['response_types_supported', []],
    ['scopes_supported', ['marketplace.order:read', 'marketplace.order:create', 'market:all']],
  ])('lists %s', (member, values) => {
    expect(document.body[member]).toStrictEqual(values);
  });

  test.each(['revocation_endpoint', 'introspection_endpoint'])(
    'names a %s that exists and requires client authentication',
    async (member) => {
      const { status } = await call(String(document.body[member]), { method: 'POST' });
      expect(status).toBe(401);
    },
  );
});

describe.each(Object.entries({ sandbox, production }))('key set, %s', (_name, stage) => {
  const url = `${stage.url}/.well-known/jwks.json`;
  let response: JsonResponse;
  beforeAll(async () => {
    response = await call(url);
  });
  const keys = () => response.body['keys'] as Record<string, unknown>[];

  test('may be cached for five minutes', () => {
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('public, max-age=300');
  });

  test('has the current and the next key, with distinct ids', () => {
    expect(keys().length).toBe(2);
    expect(new Set(keys().map(({ kid }) => kid)).size).toBe(2);
  });

  test.each([
    ['first', 0],
    ['second', 1],
  ])('has an RS256 key with public members only in %s place', (_which, index) => {
    const key = keys()[index] ?? {};
    expect(Object.keys(key).toSorted()).toStrictEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    expect([key['alg'], key['use'], key['kty']]).toStrictEqual(['RS256', 'sig', 'RSA']);
  });

  test('is 304 without a body for the ETag of the response', async () => {
    const etag = response.headers.get('etag') ?? '';
    const cached = await fetch(url, { headers: { 'if-none-match': etag } });
    expect(cached.status).toBe(304);
    expect(await cached.text()).toBe('');
  });
});

describe('key sets of the sandbox and production', () => {
  test('share no key', async () => {
    const kids = await Promise.all(
      [sandbox, production].map(async ({ url }) => {
        const { body } = await call(`${url}/.well-known/jwks.json`);
        return (body['keys'] as { kid: string }[]).map(({ kid }) => kid);
      }),
    );
    expect(new Set(kids.flat()).size).toBe(4);
  });
});
