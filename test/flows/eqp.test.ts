import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const { sandbox, production } = localStages();

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
    expect(status).toBe(200);
    expect(Object.keys(body)).toStrictEqual(['mage_id', 'ust', 'expires_in']);
    expect(body['mage_id']).toBe(mageId);
    expect(String(body['ust'])).toMatch(/^[\w-]{32}\.[\w-]{12}$/);
    expect(body['expires_in']).toBe(7_200);
    expect(headers.get('cache-control')).toBe('no-store');

    const summary = await call(`${users}/${mageId}?style=summary`, { headers: bearer(body['ust']) });
    expect(summary.status).toBe(200);
    expect(summary.body).toStrictEqual({
      mage_id: mageId,
      first_name: 'Ada',
      last_name: 'Lovelace',
      email: 'ada@example.com',
      screen_name: 'ada',
    });
    const full = await call(`${users}/${mageId}`, {
      headers: { authorization: `bearer ${String(body['ust'])}` },
    });
    expect(full.status).toBe(200);
    expect(full.body['application_ids']).toStrictEqual([stage.sessionKey.clientId]);
  });

  test(`${name}: a lifetime over the maximum is granted as the maximum`, async () => {
    expect((await open(stage, { grant_type: 'session', expires_in: 1e9 })).body['expires_in']).toBe(7_200);
    expect((await open(stage, { grant_type: 'session' })).body['expires_in']).toBe(7_200);
    expect((await open(stage, { grant_type: 'session', expires_in: 60 })).body['expires_in']).toBe(60);
  });

  test(`${name}: an unknown account is 404 and no token, or a bad one, is 401`, async () => {
    const { body } = await open(stage);
    const unknown = await call(`${users}/MAG00`, { headers: bearer(body['ust']) });
    expect(unknown.status).toBe(404);
    expect(Object.keys(unknown.body)).toStrictEqual(['code', 'message']);

    const none = await call(`${users}/${mageId}`);
    expect(none.status).toBe(401);
    expect(none.body['code']).toBe(401);
    expect(none.headers.get('www-authenticate')).toBe(`Bearer realm="${name}"`);
    for (const token of ['x', `${'A'.repeat(32)}.${'A'.repeat(12)}`, 'a.b.c', `${String(body['ust'])}x`]) {
      const bad = await call(`${users}/${mageId}`, { headers: bearer(token) });
      expect(bad.status).toBe(401);
      expect(bad.headers.get('www-authenticate') ?? '').toMatch(/error="invalid_token"/);
    }
  });

  describe(`${name}: errors have a number and a text`, () => {
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

    test.each(cases)(`%s`, async (status, body, headers) => {
      const answer = await postJson(url, body, headers);
      assert.equal(answer.status, status, JSON.stringify(body).slice(0, 80));
      expect(Object.keys(answer.body)).toStrictEqual(['code', 'message']);
      expect(answer.body['code']).toBe(status);
      expect(answer.text).not.toContain(clientSecret);
    });
  });
}

test('sessions live side by side', async () => {
  const tokens = await Promise.all(Array.from({ length: 8 }, async () => (await open(sandbox)).body['ust']));
  expect(new Set(tokens).size).toBe(8);
  const { mageId } = sandbox.sessionKey;
  const answers = await Promise.all(
    tokens.map((token) => call(`${sandbox.url}/rest/v1/users/${mageId}`, { headers: bearer(token) })),
  );
  for (const { status } of answers) expect(status).toBe(200);
});

test.each([
  [sandbox, production],
  [production, sandbox],
] as const)(
  'keys and tokens of one stage are refused in the other, in both directions: %s',
  async (from, to) => {
    const { clientId, clientSecret } = from.sessionKey;
    const authorization = basic(clientId, clientSecret);
    const refused = await postJson(
      `${to.url}/rest/v1/app/session/token`,
      { grant_type: 'session' },
      { authorization },
    );
    expect(refused.status).toBe(401);
    const { body } = await open(from);
    const { status } = await call(`${to.url}/rest/v1/users/${to.sessionKey.mageId}`, {
      headers: bearer(body['ust']),
    });
    expect(status).toBe(401);
  },
);

test('a session key gets no JWT, an integration no session, and a JWT no profile', async () => {
  const { clientId, clientSecret } = sandbox.sessionKey;
  const jwt = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials' },
    { authorization: basic(clientId, clientSecret) },
  );
  expect(jwt.status).toBe(400);
  expect(jwt.body['error']).toBe('unauthorized_client');

  const { integration } = sandbox;
  const authorization = basic(integration.clientId, integration.clientSecret);
  const session = await postJson(
    `${sandbox.url}/rest/v1/app/session/token`,
    { grant_type: 'session' },
    { authorization },
  );
  expect(session.status).toBe(401);

  const token = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials' },
    { authorization },
  );
  const profile = await call(`${sandbox.url}/rest/v1/users/${sandbox.sessionKey.mageId}`, {
    headers: bearer(token.body['access_token']),
  });
  expect(profile.status).toBe(403);
});
