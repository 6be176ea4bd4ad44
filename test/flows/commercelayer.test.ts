import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { dpopProof, partnerKey } from '../oauth/client-keys.ts';
import { projectFolder, startStages } from './stages.ts';
import { call, postForm, postJson } from './wire.ts';

const started = await startStages('--ephemeral', '--commercelayer', '--commercelayer-port', '0');
after(() => started.stop());
const { commercelayer } = started.ready.stages;
assert.ok(commercelayer);
const { url, clients } = commercelayer;
const endpoint = `${url}/oauth/token`;
const grant_type = 'client_credentials';
const channel = clients.find(({ kind }) => kind === 'sales_channel') ?? assert.fail();
const integration =
  clients.find(({ defaultScopes }) => defaultScopes.includes('market:all')) ?? assert.fail();
const { clientId: client_id, clientSecret: client_secret = '' } = integration;

test('tokens are signed RS512, with the claims of Commerce Layer', async () => {
  const { status, body } = await postJson(endpoint, {
    grant_type,
    client_id: channel.clientId,
    scope: 'market:id:xYZkjABcde',
  });
  assert.equal(status, 200);
  assert.deepEqual(Object.keys(body), ['access_token', 'token_type', 'expires_in', 'scope', 'created_at']);
  assert.equal(body['expires_in'], 14_400);
  const token = String(body['access_token']);
  assert.equal(decodeProtectedHeader(token).alg, 'RS512');
  const claims = decodeJwt(token);
  assert.deepEqual(claims['organization'], {
    id: 'WXlEOFrjnr',
    slug: 'the-blue-brand',
    enterprise: true,
    region: 'eu-west-1',
  });
  assert.deepEqual(claims['application'], {
    id: channel.clientId,
    client_id: channel.clientId,
    kind: 'sales_channel',
    public: true,
    confidential: false,
  });
  assert.deepEqual(claims['market'], { id: ['xYZkjABcde'] });
  assert.equal(claims['test'], true);
  assert.match(String(claims['rand']), /^[\da-f]{32}$/);
});

test('an integration gets market:all, and a sales channel must name a market', async () => {
  const all = await postJson(endpoint, { grant_type, client_id, client_secret });
  assert.equal(all.body['scope'], 'market:all');
  assert.equal(all.body['expires_in'], 7_200);
  const store = await postJson(endpoint, { grant_type, client_id: channel.clientId, scope: 'store:id:x' });
  assert.equal(store.status, 400);
  const both = await postJson(endpoint, {
    grant_type,
    client_id: channel.clientId,
    scope: 'store:id:x market:id:y',
  });
  assert.equal(both.status, 200);
});

test('errors are in its form, at every OAuth endpoint', async () => {
  const cases: [number, string, string, () => ReturnType<typeof postJson>][] = [
    [400, 'invalid_request', 'BAD_REQUEST', () => postJson(endpoint, {})],
    [400, 'unsupported_grant_type', 'BAD_REQUEST', () => postJson(endpoint, { grant_type: 'password' })],
    [
      401,
      'invalid_client',
      'UNAUTHORIZED',
      () => postJson(endpoint, { grant_type, client_id, client_secret: 'x' }),
    ],
    [
      400,
      'invalid_scope',
      'BAD_REQUEST',
      () => postJson(endpoint, { grant_type, client_id, client_secret, scope: 'x' }),
    ],
    [401, 'invalid_client', 'UNAUTHORIZED', () => postForm(`${url}/oauth/revoke`, { client_id, token: 'x' })],
    [
      403,
      'unauthorized_client',
      'FORBIDDEN',
      () => postForm(`${url}/oauth/introspect`, { client_id, client_secret, token: 'x' }),
    ],
  ];
  for (const [status, title, code, send] of cases) {
    const answer = await send();
    assert.equal(answer.status, status, answer.text);
    const { errors } = answer.body as { errors: Record<string, unknown>[] };
    assert.equal(errors.length, 1);
    assert.deepEqual(Object.keys(errors[0] ?? {}), ['title', 'detail', 'code', 'status', 'meta']);
    assert.deepEqual(errors[0], { ...errors[0], title, code, status, meta: {} });
    assert.ok(!answer.text.includes(client_secret));
  }
});

test('who revokes the token of another is told so in its words', async () => {
  const { body } = await postJson(endpoint, {
    grant_type,
    client_id: channel.clientId,
    scope: 'market:id:x',
  });
  const token = body['access_token'];
  const refused = await postJson(`${url}/oauth/revoke`, { client_id, client_secret, token });
  assert.equal(refused.status, 403);
  const { errors } = refused.body as { errors: Record<string, unknown>[] };
  assert.equal(errors[0]?.['detail'], 'You are not authorized to revoke this token');
  const own = await postJson(`${url}/oauth/revoke`, { client_id: channel.clientId, token });
  assert.equal(own.status, 200);
  assert.equal(own.text, '{}');
});

test('who proves a key with DPoP gets a nonce first, for its token and at the API', async () => {
  const where = ['--stage', 'commercelayer', '--local', '--port', new URL(url).port, '--json'];
  const what = ['--name', 'Bound', '--scope', 'market:*', '--dpop'];
  const command = ['bin/postern.js', 'client', 'create', ...what, ...where];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: projectFolder });
  const { clientId, clientSecret } = JSON.parse(stdout) as { clientId: string; clientSecret: string };

  const key = await partnerKey();
  const now = Math.floor(Date.now() / 1000);
  const ask = async (nonce?: string) =>
    postForm(
      endpoint,
      { grant_type, client_id: clientId, client_secret: clientSecret, scope: 'market:all' },
      { dpop: await dpopProof(key, { htm: 'POST', htu: endpoint, iat: now, nonce }) },
    );
  const first = await ask();
  assert.equal(first.status, 400);
  assert.match(first.text, /"title":"use_dpop_nonce"/);
  const second = await ask(first.headers.get('dpop-nonce') ?? undefined);
  assert.equal(second.status, 200, second.text);
  assert.equal(second.body['token_type'], 'DPoP');

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
  assert.equal(denied.status, 401);
  assert.match(denied.headers.get('www-authenticate') ?? '', /^DPoP .*error="use_dpop_nonce"/);
  // Let through, and then told that it has no account.
  assert.equal((await read(denied.headers.get('dpop-nonce') ?? undefined)).status, 403);
});

test('the API behind it takes RS512 tokens through the gateway', async () => {
  const { clientId, clientSecret = '' } = clients[0] ?? assert.fail();
  const { body } = await postJson(endpoint, { grant_type, client_id: clientId, client_secret: clientSecret });
  const answer = await call(`${url}/api/v1/marketplace/subscriptions/none`, {
    headers: { authorization: `Bearer ${String(body['access_token'])}` },
  });
  assert.equal(answer.status, 404);
});
