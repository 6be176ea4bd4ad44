import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
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

test('answers with exactly the five members that partners read', async () => {
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

test('issues a JWT as RFC 9068 has it', async () => {
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
    application: { id: client_id, client_id, kind: 'integration', public: false, confidential: true },
    organization: { id: 'org', slug: 'acme', enterprise: false, region: 'eu-west-1' },
    test: true,
  });
});

test('serves a sales channel without a secret, for the market it names', async () => {
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

test('calls a sales channel confidential when it sends its right secret, and refuses a wrong one', async () => {
  const parameters = { grant_type, client_id: channel.client.id, scope: 'market:id:a' };
  const { access_token } = await issued({ ...parameters, client_secret: channel.secret ?? '' });
  expect((decodeJwt(access_token)['application'] as { confidential: boolean }).confidential).toBe(true);
  expect((await refused({ ...parameters, client_secret: 'wrong' })).code).toBe('invalid_client');
});

test('takes HTTP Basic in any case, raw or form-encoded', async () => {
  const odd = 'ab%2Bcd+ef:gh/ij_kl-mn.op_qr_st';
  const imported = await stage.register({ clientId: 'a-b~c', secret: odd });
  const parameters = { grant_type, scope: 'orders:read' };
  await issued(parameters, basic('a-b~c', odd));
  await issued(parameters, basic('a%2Db%7Ec', encodeURIComponent(odd).replaceAll('%20', '+')));
  await issued(parameters, basic('a-b~c', odd).replace('Basic', 'bAsIc'));
  expect((await refused(parameters, basic('a-b~c', `${odd}x`))).code).toBe('invalid_client');
  expect(imported.client.id).toBe('a-b~c');
});

test('takes `id:` with an empty secret for a public client', async () => {
  await issued({ grant_type, scope: 'market:all' }, basic(channel.client.id, ''));
  expect((await refused({ grant_type }, basic(client_id, ''))).code).toBe('invalid_client');
});

test('refuses with the code that RFC 6749 §5.2 has for it', async () => {
  const credentials = { client_id, client_secret: secret };
  const cases: [string, TokenParameters, string?][] = [
    ['invalid_request', { ...credentials }],
    ['unsupported_grant_type', { ...credentials, grant_type: 'password' }],
    ['unsupported_grant_type', { ...credentials, grant_type: 'session' }],
    ['unsupported_grant_type', { ...credentials, grant_type: 'constructor' }],
    ['invalid_client', { grant_type }],
    ['invalid_client', { grant_type, client_id }],
    ['invalid_client', { grant_type, client_id: 'nobody' }],
    ['invalid_client', { grant_type, client_id: '__proto__', client_secret: secret }],
    ['invalid_client', { grant_type, client_secret: secret }],
    ['invalid_client', { grant_type, client_id, client_secret: `${secret} ` }],
    ['invalid_client', { grant_type }, 'Basic !!!'],
    ['invalid_client', { grant_type }, 'Basic'],
    ['invalid_client', { grant_type }, `${basic(client_id, secret)}, ${basic(client_id, secret)}`],
    ['invalid_request', { grant_type, client_secret: secret }, basic(client_id, secret)],
    ['invalid_request', { grant_type, client_id: 'another' }, basic(client_id, secret)],
    ['invalid_request', { grant_type, client_id, client_secret: secret }, 'Basic !!!'],
    ['invalid_request', { grant_type, client_id, client_secret: secret }, 'Basic'],
    ['invalid_client', { grant_type, client_id: 'x'.repeat(4_000), client_secret: secret }],
    ['invalid_scope', { grant_type, ...credentials, scope: 'orders:delete' }],
    ['invalid_scope', { grant_type, ...credentials, scope: 'orders:read\norders:create' }],
    ['invalid_scope', { grant_type, ...credentials, scope: 'orders:read  orders:create' }],
    ['invalid_scope', { grant_type, ...credentials, scope: '*' }],
    ['invalid_scope', { grant_type, client_id: channel.client.id }],
    ['invalid_scope', { grant_type, client_id: channel.client.id, scope: 'market:id:' }],
    ['invalid_scope', { grant_type, client_id: channel.client.id, scope: 'market:id:*' }],
    ['invalid_scope', { grant_type, client_id: channel.client.id, scope: `market:id:${'x'.repeat(2_000)}` }],
  ];
  for (const [code, parameters, authorization] of cases) {
    const error = await refused(parameters, authorization);
    assert.equal(error.code, code, JSON.stringify(parameters));
    expect(JSON.stringify(error)).not.toContain(secret);
  }
});

test('refuses a grant that the client was not registered for', async () => {
  const key = await stage.register({ account: await stage.account('MAG000000001') });
  const error = await refused({ grant_type }, basic(key.client.id, key.secret ?? ''));
  expect(error.code).toBe('unauthorized_client');
});

test('answers alike for unknown, wrong, expired and disabled', async () => {
  const scope = 'orders:read';
  const disabled = await stage.register();
  await stage.clients.replace({ ...disabled.client, status: 'disabled' });
  const expired = await stage.register();
  const secrets = expired.client.secrets.map((held) => ({ ...held, expiresAt: stage.time.now }));
  await stage.clients.replace({ ...expired.client, secrets });
  const answers = await Promise.all([
    refused({ grant_type, scope }, basic('nobody', 'x')),
    refused({ grant_type, scope }, basic(client_id, 'x')),
    refused({ grant_type, scope }, basic(expired.client.id, expired.secret ?? '')),
    refused({ grant_type, scope }, basic(disabled.client.id, disabled.secret ?? '')),
  ]);
  expect(answers.map(({ reason }) => reason)).toStrictEqual([
    'unknown_client',
    'wrong_secret',
    'wrong_secret',
    'client_disabled',
  ]);
  for (const { code, description, challenge } of answers) {
    expect([code, description, challenge]).toStrictEqual([
      'invalid_client',
      'Client authentication failed.',
      'Basic',
    ]);
  }
});

test('a second secret works beside the first', async () => {
  const { client } = await stage.register();
  const other = await stage.register({ clientId: 'second', secret: 'f'.repeat(40) });
  expect(other.client.secrets.length).toBe(1);
  const { stored } = newClientSecret(await stage.secretKey(), client, stage.time.now, 'e'.repeat(40));
  await stage.clients.replace({ ...client, secrets: [...client.secrets, stored] });
  await issued({ grant_type, scope: 'orders:read' }, basic(client.id, 'e'.repeat(40)));
});
