import assert from 'node:assert/strict';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { newClientSecret } from '../../src/clients/client-secret.ts';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { basic, memoryStage } from './stage.ts';

const stage = await memoryStage();
const grant_type = 'client_credentials';
const integration = await stage.register({ defaultScopes: ['orders:read'], claims: { team: 'blue' } });
const { secret = '' } = integration;
const client_id = integration.client.id;
const channel = await stage.register({
  kind: 'sales_channel',
  scopes: ['market:id:*', 'market:all'],
  withSecret: true,
});

const request = (parameters: TokenParameters, authorization?: string) =>
  issueToken({ authorization, parameters }, stage.tokens);

async function issued(parameters: TokenParameters, authorization?: string) {
  const result = await request(parameters, authorization);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value.response;
}

async function refused(parameters: TokenParameters, authorization?: string) {
  const result = await request(parameters, authorization);
  assert.ok(!result.ok);
  return result.error;
}

describe('token endpoint', () => {
  test('responds with exactly the five members that partners read', async () => {
    const response = await issued({
      grant_type,
      client_id,
      client_secret: secret,
      scope: 'orders:create orders:read',
    });
    expect(Object.keys(response)).toStrictEqual([
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'created_at',
    ]);
    const { access_token: _, ...rest } = response;
    expect(rest).toStrictEqual({
      token_type: 'bearer',
      expires_in: 7_200,
      scope: 'orders:create orders:read',
      created_at: stage.time.now,
    });
  });

  test('issues a JWT in the form of RFC 9068', async () => {
    const { access_token } = await issued({ grant_type, client_id, client_secret: secret });
    expect(decodeProtectedHeader(access_token)).toStrictEqual({
      alg: 'ES256',
      typ: 'at+jwt',
      kid: stage.signingKey.kid,
    });
    const { jti, rand, ...claims } = decodeJwt(access_token);
    expect(String(jti)).toMatch(/^[\da-f-]{36}$/);
    expect(String(rand)).toMatch(/^[\da-f]{32}$/);
    expect(claims).toStrictEqual({
      team: 'blue',
      iss: 'https://sandbox.example.com',
      aud: 'https://sandbox.example.com',
      sub: client_id,
      client_id,
      scope: 'orders:read',
      iat: stage.time.now,
      nbf: stage.time.now,
      exp: stage.time.now + 7_200,
      token_generation: integration.client.tokenGeneration,
      application: { id: client_id, client_id, kind: 'integration', public: false, confidential: true },
      organization: { id: 'org', slug: 'acme', enterprise: false, region: 'eu-west-1' },
      test: true,
    });
  });

  test('issues a token for the requested market to a sales channel without a secret', async () => {
    const scope = 'market:id:xYZkjABcde market:all';
    const { access_token, ...rest } = await issued({ grant_type, client_id: channel.client.id, scope });
    expect(rest.expires_in).toBe(14_400);
    expect(rest.scope).toBe(scope);
    const claims = decodeJwt(access_token);
    expect(claims['market']).toStrictEqual({ id: ['xYZkjABcde'] });
    expect(claims['application']).toStrictEqual({
      id: channel.client.id,
      client_id: channel.client.id,
      kind: 'sales_channel',
      public: true,
      confidential: false,
    });
  });

  test('marks a sales channel as confidential if it sends its secret', async () => {
    const parameters = { grant_type, client_id: channel.client.id, scope: 'market:id:a' };
    const { access_token } = await issued({ ...parameters, client_secret: channel.secret ?? '' });
    expect(decodeJwt(access_token)['application']).toMatchObject({ confidential: true });
  });

  test('refuses a sales channel that sends a wrong secret with invalid_client', async () => {
    const parameters = { grant_type, client_id: channel.client.id, scope: 'market:id:a' };
    expect((await refused({ ...parameters, client_secret: 'wrong' })).code).toBe('invalid_client');
  });

  test.each([
    ['around scope tokens', '  orders:create   orders:read ', 'orders:create orders:read'],
    ['that are the whole scope', '  ', 'orders:read'],
  ])('ignores spaces %s', async (_, scope, granted) => {
    const { client, secret: generated = '' } = await stage.register({ defaultScopes: ['orders:read'] });
    const parameters = { grant_type, client_id: client.id, client_secret: generated, scope };
    expect((await issued(parameters)).scope).toBe(granted);
  });

  describe('with HTTP Basic', () => {
    const odd = 'ab%2Bcd+ef:gh/ij_kl-mn.op_qr_st';
    const parameters = { grant_type, scope: 'orders:read' };
    beforeAll(async () => {
      const imported = await stage.register({ clientId: 'a-b~c', secret: odd });
      expect(imported.client.id).toBe('a-b~c');
    });

    test.each([
      ['raw credentials', basic('a-b~c', odd)],
      ['form-encoded credentials', basic('a%2Db%7Ec', encodeURIComponent(odd).replaceAll('%20', '+'))],
      ['the scheme in mixed case', basic('a-b~c', odd).replace('Basic', 'bAsIc')],
    ])('accepts %s', async (_, authorization) => {
      expect((await issued(parameters, authorization)).scope).toBe('orders:read');
    });

    test('refuses a wrong secret with invalid_client', async () => {
      expect((await refused(parameters, basic('a-b~c', `${odd}x`))).code).toBe('invalid_client');
    });

    test('accepts `id:` with an empty secret for a public client', async () => {
      const response = await issued({ grant_type, scope: 'market:all' }, basic(channel.client.id, ''));
      expect(response.scope).toBe('market:all');
    });

    test('refuses `id:` with an empty secret for a confidential client with invalid_client', async () => {
      expect((await refused({ grant_type }, basic(client_id, ''))).code).toBe('invalid_client');
    });
  });

  const credentials = { client_id, client_secret: secret };
  const scopeOf = (scope: string): TokenParameters => ({ grant_type, ...credentials, scope });
  const marketOf = (scope: string): TokenParameters => ({ grant_type, client_id: channel.client.id, scope });
  const twice = `${basic(client_id, secret)}, ${basic(client_id, secret)}`;

  // The codes of RFC 6749 §5.2.
  test.each<[string, string, TokenParameters, string | undefined]>([
    ['a missing grant_type', 'invalid_request', { ...credentials }, undefined],
    ['the password grant', 'unsupported_grant_type', { ...credentials, grant_type: 'password' }, undefined],
    ['the session grant', 'unsupported_grant_type', { ...credentials, grant_type: 'session' }, undefined],
    [
      'a grant_type named constructor',
      'unsupported_grant_type',
      { ...credentials, grant_type: 'constructor' },
      undefined,
    ],
    ['a missing client', 'invalid_client', { grant_type }, undefined],
    ['a confidential client without a secret', 'invalid_client', { grant_type, client_id }, undefined],
    ['an unknown client', 'invalid_client', { grant_type, client_id: 'nobody' }, undefined],
    [
      'a client_id named __proto__',
      'invalid_client',
      { grant_type, client_id: '__proto__', client_secret: secret },
      undefined,
    ],
    ['a secret without client_id', 'invalid_client', { grant_type, client_secret: secret }, undefined],
    [
      'a secret with a space at its end',
      'invalid_client',
      { grant_type, client_id, client_secret: `${secret} ` },
      undefined,
    ],
    [
      'a client_id of 4000 characters',
      'invalid_client',
      { grant_type, client_id: 'x'.repeat(4_000), client_secret: secret },
      undefined,
    ],
    ['HTTP Basic that is not base64', 'invalid_client', { grant_type }, 'Basic !!!'],
    ['HTTP Basic without credentials', 'invalid_client', { grant_type }, 'Basic'],
    ['HTTP Basic twice', 'invalid_client', { grant_type }, twice],
    [
      'HTTP Basic and client_secret',
      'invalid_request',
      { grant_type, client_secret: secret },
      basic(client_id, secret),
    ],
    [
      'HTTP Basic and the client_id of another client',
      'invalid_request',
      { grant_type, client_id: 'another' },
      basic(client_id, secret),
    ],
    [
      'HTTP Basic that is not base64 and client_secret',
      'invalid_request',
      { grant_type, ...credentials },
      'Basic !!!',
    ],
    [
      'HTTP Basic without credentials and client_secret',
      'invalid_request',
      { grant_type, ...credentials },
      'Basic',
    ],
    ['an unknown scope', 'invalid_scope', scopeOf('orders:delete'), undefined],
    ['scopes separated by a line feed', 'invalid_scope', scopeOf('orders:read\norders:create'), undefined],
    ['the scope *', 'invalid_scope', scopeOf('*'), undefined],
    [
      'a sales channel without a scope',
      'invalid_scope',
      { grant_type, client_id: channel.client.id },
      undefined,
    ],
    ['a market without an id', 'invalid_scope', marketOf('market:id:'), undefined],
    ['a market with the id *', 'invalid_scope', marketOf('market:id:*'), undefined],
    [
      'a market with an id of 2000 characters',
      'invalid_scope',
      marketOf(`market:id:${'x'.repeat(2_000)}`),
      undefined,
    ],
  ])('refuses %s with %s', async (_, code, parameters, authorization) => {
    const error = await refused(parameters, authorization);
    expect(error.code).toBe(code);
    expect(JSON.stringify(error)).not.toContain(secret);
  });

  test('refuses a grant that the client is not registered for with unauthorized_client', async () => {
    const key = await stage.register({ account: await stage.account('MAG000000001') });
    const error = await refused({ grant_type }, basic(key.client.id, key.secret ?? ''));
    expect(error.code).toBe('unauthorized_client');
  });

  test.each<[string, string, () => string | Promise<string>]>([
    ['an unknown client', 'unknown_client', () => basic('nobody', 'x')],
    ['a wrong secret', 'wrong_secret', () => basic(client_id, 'x')],
    [
      'an expired secret',
      'wrong_secret',
      async () => {
        const expired = await stage.register();
        const secrets = expired.client.secrets.map((held) => ({ ...held, expiresAt: stage.time.now }));
        await stage.clients.replace({ ...expired.client, secrets });
        return basic(expired.client.id, expired.secret ?? '');
      },
    ],
    [
      'a disabled client',
      'client_disabled',
      async () => {
        const disabled = await stage.register();
        await stage.clients.replace({ ...disabled.client, status: 'disabled' });
        return basic(disabled.client.id, disabled.secret ?? '');
      },
    ],
  ])(
    'sends the same error for %s as for every failed authentication (%s)',
    async (_, reason, authorization) => {
      const error = await refused({ grant_type, scope: 'orders:read' }, await authorization());
      expect(error.reason).toBe(reason);
      expect([error.code, error.description]).toStrictEqual([
        'invalid_client',
        'Client authentication failed.',
      ]);
    },
  );

  test('accepts the second secret of a client', async () => {
    const { client } = await stage.register();
    const other = await stage.register({ clientId: 'second', secret: '8d1f0ab7c35e4f9eb0c9d6a2f34e5b71' });
    expect(other.client.secrets.length).toBe(1);
    const { stored } = newClientSecret(await stage.secretHashKey(), client, stage.time.now, 'e'.repeat(40));
    await stage.clients.replace({ ...client, secrets: [...client.secrets, stored] });
    const response = await issued({ grant_type, scope: 'orders:read' }, basic(client.id, 'e'.repeat(40)));
    expect(response.scope).toBe('orders:read');
  });
});
