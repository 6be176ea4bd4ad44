import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { dpopProof, partnerKey } from '../oauth/client-keys.ts';
import { localStages } from './stages.ts';
import { projectFolder } from './start-stages.ts';
import { call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const { commercelayer } = localStages();
assert.ok(commercelayer);
const { url, clients } = commercelayer;
const endpoint = `${url}/oauth/token`;
const grant_type = 'client_credentials';
const channel = clients.find(({ kind }) => kind === 'sales_channel') ?? assert.fail();
const integration =
  clients.find(({ defaultScopes }) => defaultScopes.includes('market:all')) ?? assert.fail();
const { clientId: client_id, clientSecret: client_secret = '' } = integration;

describe('token endpoint, Commerce Layer', () => {
  test('signs tokens with RS512 and adds the claims of Commerce Layer', async () => {
    const { status, body } = await postJson(endpoint, {
      grant_type,
      client_id: channel.clientId,
      scope: 'market:id:xYZkjABcde',
    });
    expect(status).toBe(200);
    expect(Object.keys(body)).toStrictEqual([
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'created_at',
    ]);
    expect(body['expires_in']).toBe(14_400);
    const token = String(body['access_token']);
    expect(decodeProtectedHeader(token).alg).toBe('RS512');
    const claims = decodeJwt(token);
    expect(claims['organization']).toStrictEqual({
      id: 'WXlEOFrjnr',
      slug: 'the-blue-brand',
      enterprise: true,
      region: 'eu-west-1',
    });
    expect(claims['application']).toStrictEqual({
      id: channel.clientId,
      client_id: channel.clientId,
      kind: 'sales_channel',
      public: true,
      confidential: false,
    });
    expect(claims['market']).toStrictEqual({ id: ['xYZkjABcde'] });
    expect(claims['test']).toBe(true);
    expect(String(claims['rand'])).toMatch(/^[\da-f]{32}$/);
  });

  test('grants an integration its default scope, market:all', async () => {
    const { body } = await postJson(endpoint, { grant_type, client_id, client_secret });
    expect(body['scope']).toBe('market:all');
    expect(body['expires_in']).toBe(7_200);
  });

  test.each([
    ['refuses a sales channel that names a store but no market', 'store:id:x', 400],
    ['accepts a sales channel that names a store and a market', 'store:id:x market:id:y', 200],
  ])('%s', async (_name, scope, status) => {
    const response = await postJson(endpoint, { grant_type, client_id: channel.clientId, scope });
    expect(response.status).toBe(status);
  });
});

describe('error format, Commerce Layer', () => {
  const cases: [string, number, string, string, () => Promise<JsonResponse>][] = [
    [
      'a token request without grant_type',
      400,
      'invalid_request',
      'BAD_REQUEST',
      () => postJson(endpoint, {}),
    ],
    [
      'a token request with an unknown grant_type',
      400,
      'unsupported_grant_type',
      'BAD_REQUEST',
      () => postJson(endpoint, { grant_type: 'password' }),
    ],
    [
      'a token request with a wrong secret',
      401,
      'invalid_client',
      'UNAUTHORIZED',
      () => postJson(endpoint, { grant_type, client_id, client_secret: 'x' }),
    ],
    [
      'a token request with an unknown scope',
      400,
      'invalid_scope',
      'BAD_REQUEST',
      () => postJson(endpoint, { grant_type, client_id, client_secret, scope: 'x' }),
    ],
    [
      'a revocation without the secret',
      401,
      'invalid_client',
      'UNAUTHORIZED',
      () => postForm(`${url}/oauth/revoke`, { client_id, token: 'x' }),
    ],
    [
      'an introspection by a client that may not introspect',
      403,
      'unauthorized_client',
      'FORBIDDEN',
      () => postForm(`${url}/oauth/introspect`, { client_id, client_secret, token: 'x' }),
    ],
  ];

  test.each(cases)('%s is %i %s', async (_name, status, title, code, send) => {
    const response = await send();
    expect(response.status).toBe(status);
    const { errors } = response.body as { errors: Record<string, unknown>[] };
    expect(errors.length).toBe(1);
    expect(Object.keys(errors[0] ?? {})).toStrictEqual(['title', 'detail', 'code', 'status', 'meta']);
    expect(errors[0]).toStrictEqual({ ...errors[0], title, code, status, meta: {} });
    expect(response.text).not.toContain(client_secret);
  });
});

describe('revocation endpoint, Commerce Layer', () => {
  test('refuses to revoke the token of another client, in the words of Commerce Layer', async () => {
    const { body } = await postJson(endpoint, {
      grant_type,
      client_id: channel.clientId,
      scope: 'market:id:x',
    });
    const token = body['access_token'];
    const refused = await postJson(`${url}/oauth/revoke`, { client_id, client_secret, token });
    expect(refused.status).toBe(403);
    const { errors } = refused.body as { errors: Record<string, unknown>[] };
    expect(errors[0]?.['detail']).toBe('You are not authorized to revoke this token');
    const own = await postJson(`${url}/oauth/revoke`, { client_id: channel.clientId, token });
    expect(own.status).toBe(200);
    expect(own.text).toBe('{}');
  });
});

describe('DPoP, Commerce Layer', () => {
  test('requires a nonce that the server issued, at the token endpoint and at the API', async () => {
    const where = ['--stage', 'commercelayer', '--local', '--port', new URL(url).port, '--json'];
    const what = ['--name', 'Bound', '--scope', 'market:*', '--dpop'];
    const command = ['bin/postern.js', 'client', 'create', ...what, ...where];
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: projectFolder });
    const { clientId, clientSecret } = JSON.parse(stdout) as { clientId: string; clientSecret: string };

    const key = await partnerKey();
    const now = Math.floor(Date.now() / 1000);
    const requestToken = async (nonce?: string) =>
      postForm(
        endpoint,
        { grant_type, client_id: clientId, client_secret: clientSecret, scope: 'market:all' },
        { dpop: await dpopProof(key, { htm: 'POST', htu: endpoint, iat: now, nonce }) },
      );
    const first = await requestToken();
    expect(first.status).toBe(400);
    expect(first.text).toMatch(/"title":"use_dpop_nonce"/);
    const second = await requestToken(first.headers.get('dpop-nonce') ?? undefined);
    expect(second.status).toBe(200);
    expect(second.body['token_type']).toBe('DPoP');

    const token = String(second.body['access_token']);
    const users = `${url}/rest/v1/users/MAG1`;
    const read = async (nonce?: string) => {
      const claims = {
        htm: 'GET',
        htu: users,
        iat: now,
        nonce,
        ath: createHash('sha256').update(token).digest('base64url'),
      };
      return call(users, { headers: { authorization: `DPoP ${token}`, dpop: await dpopProof(key, claims) } });
    };
    const denied = await read();
    expect(denied.status).toBe(401);
    expect(denied.headers.get('www-authenticate') ?? '').toMatch(/^DPoP .*error="use_dpop_nonce"/);
    // The authorizer accepts the token; the API refuses it because the client has no account.
    expect((await read(denied.headers.get('dpop-nonce') ?? undefined)).status).toBe(403);
  });
});

describe('example API, Commerce Layer', () => {
  test('accepts RS512 tokens', async () => {
    const { clientId, clientSecret = '' } = clients[0] ?? assert.fail();
    const { body } = await postJson(endpoint, {
      grant_type,
      client_id: clientId,
      client_secret: clientSecret,
    });
    const response = await call(`${url}/api/v1/marketplace/subscriptions/none`, {
      headers: { authorization: `Bearer ${String(body['access_token'])}` },
    });
    expect(response.status).toBe(404);
  });
});
