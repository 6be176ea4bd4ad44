import assert from 'node:assert/strict';
import { test } from 'node:test';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const { sandbox, production } = await localStages();

async function open(stage: TestStage, body: unknown = { grant_type: 'session', expires_in: 7200 }) {
  const { clientId, clientSecret } = stage.sessionKey;
  return postJson(`${stage.url}/rest/v1/app/session/token`, body, {
    authorization: basic(clientId, clientSecret),
  });
}

for (const stage of [sandbox, production]) {
  const name = stage === sandbox ? 'sandbox' : 'production';
  const { mageId } = stage.sessionKey;
  const users = `${stage.url}/rest/v1/users`;

  test(`${name}: a session token opens one's own profile`, async () => {
    const { status, body, headers } = await open(stage);
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body), ['mage_id', 'ust', 'expires_in']);
    assert.equal(body['mage_id'], mageId);
    assert.match(String(body['ust']), /^[\w-]{32}\.[\w-]{12}$/);
    assert.equal(body['expires_in'], 7_200);
    assert.equal(headers.get('cache-control'), 'no-store');

    const summary = await call(`${users}/${mageId}?style=summary`, { headers: bearer(body['ust']) });
    assert.equal(summary.status, 200);
    assert.deepEqual(summary.body, {
      mage_id: mageId,
      first_name: 'Ada',
      last_name: 'Lovelace',
      email: 'ada@example.com',
      screen_name: 'ada',
    });
    const full = await call(`${users}/${mageId}`, {
      headers: { authorization: `bearer ${String(body['ust'])}` },
    });
    assert.equal(full.status, 200);
    assert.deepEqual(full.body['application_ids'], [stage.sessionKey.clientId]);
  });

  test(`${name}: a lifetime over the maximum is granted as the maximum`, async () => {
    assert.equal((await open(stage, { grant_type: 'session', expires_in: 1e9 })).body['expires_in'], 7_200);
    assert.equal((await open(stage, { grant_type: 'session' })).body['expires_in'], 7_200);
    assert.equal((await open(stage, { grant_type: 'session', expires_in: 60 })).body['expires_in'], 60);
  });

  test(`${name}: an unknown account is 404 and no token, or a bad one, is 401`, async () => {
    const { body } = await open(stage);
    const unknown = await call(`${users}/MAG00`, { headers: bearer(body['ust']) });
    assert.equal(unknown.status, 404);
    assert.deepEqual(Object.keys(unknown.body), ['code', 'message']);

    const none = await call(`${users}/${mageId}`);
    assert.equal(none.status, 401);
    assert.equal(none.body['code'], 401);
    assert.equal(none.headers.get('www-authenticate'), `Bearer realm="${name}"`);
    for (const token of ['x', `${'A'.repeat(32)}.${'A'.repeat(12)}`, 'a.b.c', `${String(body['ust'])}x`]) {
      const bad = await call(`${users}/${mageId}`, { headers: bearer(token) });
      assert.equal(bad.status, 401);
      assert.match(bad.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
    }
  });

  test(`${name}: errors have a number and a text`, async () => {
    const url = `${stage.url}/rest/v1/app/session/token`;
    const { clientId, clientSecret } = stage.sessionKey;
    const authorization = basic(clientId, clientSecret);
    const cases: [number, unknown, Record<string, string>][] = [
      [401, { grant_type: 'session' }, {}],
      [401, { grant_type: 'session' }, { authorization: basic(clientId, 'wrong') }],
      [401, { grant_type: 'session' }, { authorization: basic('AQ00000000', clientSecret) }],
      [400, {}, { authorization }],
      [400, { grant_type: 'password' }, { authorization }],
      [400, { grant_type: 5 }, { authorization }],
      [400, { grant_type: 'session', expires_in: 0 }, { authorization }],
      [400, { grant_type: 'session', expires_in: -5 }, { authorization }],
      [400, { grant_type: 'session', expires_in: 1.5 }, { authorization }],
      [400, { grant_type: 'session', expires_in: 'soon' }, { authorization }],
      [400, '{"grant_type":"session",', { authorization }],
      [415, 'x', { authorization, 'content-type': 'text/plain' }],
      [413, { grant_type: 'session', x: 'x'.repeat(17_000) }, { authorization }],
    ];
    for (const [status, body, headers] of cases) {
      const answer = await postJson(url, body, headers);
      assert.equal(answer.status, status, JSON.stringify(body).slice(0, 80));
      assert.deepEqual(Object.keys(answer.body), ['code', 'message']);
      assert.equal(answer.body['code'], status);
      assert.ok(!answer.text.includes(clientSecret));
    }
  });
}

test('sessions live side by side', async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, async () => (await open(sandbox)).body['ust']));
  assert.equal(new Set(tokens).size, 8);
  const { mageId } = sandbox.sessionKey;
  const answers = await Promise.all(
    tokens.map((token) => call(`${sandbox.url}/rest/v1/users/${mageId}`, { headers: bearer(token) })),
  );
  for (const { status } of answers) assert.equal(status, 200);
});

test('keys and tokens of one stage are refused in the other, in both directions', async () => {
  for (const [from, to] of [
    [sandbox, production],
    [production, sandbox],
  ] as const) {
    const { clientId, clientSecret } = from.sessionKey;
    const authorization = basic(clientId, clientSecret);
    const refused = await postJson(
      `${to.url}/rest/v1/app/session/token`,
      { grant_type: 'session' },
      { authorization },
    );
    assert.equal(refused.status, 401);
    const { body } = await open(from);
    const { status } = await call(`${to.url}/rest/v1/users/${to.sessionKey.mageId}`, {
      headers: bearer(body['ust']),
    });
    assert.equal(status, 401);
  }
});

test('a session key gets no JWT, an integration no session, and a JWT no profile', async () => {
  const { clientId, clientSecret } = sandbox.sessionKey;
  const jwt = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials' },
    { authorization: basic(clientId, clientSecret) },
  );
  assert.equal(jwt.status, 400);
  assert.equal(jwt.body['error'], 'unauthorized_client');

  const { integration } = sandbox;
  const authorization = basic(integration.clientId, integration.clientSecret);
  const session = await postJson(
    `${sandbox.url}/rest/v1/app/session/token`,
    { grant_type: 'session' },
    { authorization },
  );
  assert.equal(session.status, 401);

  const token = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials' },
    { authorization },
  );
  const profile = await call(`${sandbox.url}/rest/v1/users/${sandbox.sessionKey.mageId}`, {
    headers: bearer(token.body['access_token']),
  });
  assert.equal(profile.status, 403);
});
