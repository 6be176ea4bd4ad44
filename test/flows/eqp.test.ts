import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { operatorJson } from './operator.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const stages = localStages();
const { sandbox, production } = stages;

async function open(stage: TestStage, body: unknown = { grant_type: 'session', expires_in: 7200 }) {
  const { clientId, clientSecret } = stage.sessionKey;
  return postJson(`${stage.url}/rest/v1/app/session/token`, body, {
    authorization: basic(clientId, clientSecret),
  });
}

describe.each(Object.entries({ sandbox, production }))('session token endpoint, %s', (_name, stage) => {
  const { clientId, clientSecret, mageId } = stage.sessionKey;

  test('issues a session token that is not cached', async () => {
    const { status, body, headers } = await open(stage);
    expect(status).toBe(200);
    expect(Object.keys(body)).toStrictEqual(['mage_id', 'ust', 'expires_in']);
    expect(body['mage_id']).toBe(mageId);
    expect(String(body['ust'])).toMatch(/^[\w-]{32}\.[\w-]{12}$/);
    expect(body['expires_in']).toBe(7_200);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  test.each([
    ['a lifetime over the maximum', { expires_in: 1e9 }, 7_200],
    ['no lifetime', {}, 7_200],
    ['a lifetime under the maximum', { expires_in: 60 }, 60],
  ])('for %s (%j) grants %i seconds', async (_case, lifetime, granted) => {
    const { body } = await open(stage, { grant_type: 'session', ...lifetime });
    expect(body['expires_in']).toBe(granted);
  });

  const authorization = basic(clientId, clientSecret);
  const session = { grant_type: 'session' };
  test.each<[string, number, unknown, Record<string, string>]>([
    ['a request without credentials', 401, session, {}],
    ['a wrong secret', 401, session, { authorization: basic(clientId, 'wrong') }],
    ['an unknown application id', 401, session, { authorization: basic('AQ00000000', clientSecret) }],
    ['a request without grant_type', 400, {}, { authorization }],
    ['an unknown grant_type', 400, { grant_type: 'password' }, { authorization }],
    ['a grant_type that is a number', 400, { grant_type: 5 }, { authorization }],
    ['an expires_in of zero', 400, { ...session, expires_in: 0 }, { authorization }],
    ['a negative expires_in', 400, { ...session, expires_in: -5 }, { authorization }],
    ['an expires_in with a fraction', 400, { ...session, expires_in: 1.5 }, { authorization }],
    ['an expires_in that is a string', 400, { ...session, expires_in: 'soon' }, { authorization }],
    ['truncated JSON', 400, '{"grant_type":"session",', { authorization }],
    ['an unsupported media type', 415, 'x', { authorization, 'content-type': 'text/plain' }],
    ['a body that is too large', 413, { ...session, x: 'x'.repeat(17_000) }, { authorization }],
  ])('refuses %s with %i, as a code and a message', async (_case, status, body, headers) => {
    const response = await postJson(`${stage.url}/rest/v1/app/session/token`, body, headers);
    expect(response.status).toBe(status);
    expect(Object.keys(response.body)).toStrictEqual(['code', 'message']);
    expect(response.body['code']).toBe(status);
    expect(response.text).not.toContain(clientSecret);
  });
});

describe.each(Object.entries({ sandbox, production }))('account profile, %s', (name, stage) => {
  const { clientId, mageId } = stage.sessionKey;
  const users = `${stage.url}/rest/v1/users`;
  let token = '';
  beforeAll(async () => {
    token = String((await open(stage)).body['ust']);
  });

  test('has the summary of the account of the session', async () => {
    const { status, body } = await call(`${users}/${mageId}?style=summary`, { headers: bearer(token) });
    expect(status).toBe(200);
    expect(body).toStrictEqual({
      mage_id: mageId,
      first_name: 'Ada',
      last_name: 'Lovelace',
      email: 'ada@example.com',
      screen_name: 'ada',
    });
  });

  test('accepts the scheme in lower case, and lists the application ids of the account', async () => {
    const { status, body } = await call(`${users}/${mageId}`, {
      headers: { authorization: `bearer ${token}` },
    });
    expect(status).toBe(200);
    expect(body['application_ids']).toStrictEqual([clientId]);
  });

  test('of an unknown account is 404', async () => {
    const { status, body } = await call(`${users}/MAG00`, { headers: bearer(token) });
    expect(status).toBe(404);
    expect(Object.keys(body)).toStrictEqual(['code', 'message']);
  });

  test('without a token is 401, with a challenge that has no error', async () => {
    const { status, body, headers } = await call(`${users}/${mageId}`);
    expect(status).toBe(401);
    expect(body['code']).toBe(401);
    expect(headers.get('www-authenticate')).toBe(`Bearer realm="${name}"`);
  });

  test.each([
    ['one character', () => 'x'],
    ['the form of a session token', () => `${'A'.repeat(32)}.${'A'.repeat(12)}`],
    ['the form of a JWT', () => 'a.b.c'],
    ['one character more than the session token', () => `${token}x`],
  ])('is 401 invalid_token for an invalid token that is %s', async (_case, invalid) => {
    const { status, headers } = await call(`${users}/${mageId}`, { headers: bearer(invalid()) });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate') ?? '').toMatch(/error="invalid_token"/);
  });
});

describe('sessions', () => {
  test('of one account are valid at the same time', async () => {
    const tokens = await Promise.all(
      Array.from({ length: 8 }, async () => (await open(sandbox)).body['ust']),
    );
    expect(new Set(tokens).size).toBe(8);
    const { mageId } = sandbox.sessionKey;
    const responses = await Promise.all(
      tokens.map((token) => call(`${sandbox.url}/rest/v1/users/${mageId}`, { headers: bearer(token) })),
    );
    expect(responses.map(({ status }) => status)).toStrictEqual(Array(8).fill(200));
  });
});

describe('account that the operator disables', () => {
  const { url } = sandbox;
  async function account() {
    const created = await operatorJson(sandbox, 'account', 'create', ...holder);
    const { mageId } = v.parse(v.looseObject({ mageId: v.string() }), created);
    const { clientId, clientSecret } = await registerPartner(sandbox, { options: ['--account', mageId] });
    const openOne = () =>
      postJson(
        `${url}/rest/v1/app/session/token`,
        { grant_type: 'session' },
        { authorization: basic(clientId, clientSecret) },
      );
    const { body } = await openOne();
    const callWith = (token: unknown, path = '', init: RequestInit = {}) =>
      call(`${url}/rest/v1/users/${mageId}${path}`, { ...init, headers: bearer(token) });
    return { mageId, openOne, callWith, token: body['ust'] };
  }
  const holder = ['--first-name', 'Ada', '--last-name', 'Lovelace', '--email', 'ada@example.com'];
  let disabled: Awaited<ReturnType<typeof account>>;
  beforeAll(async () => {
    disabled = await account();
    expect((await disabled.callWith(disabled.token)).status).toBe(200);
    await operatorJson(sandbox, 'account', 'disable', disabled.mageId);
  });

  test('opens no session: 403 with the reason', async () => {
    const { status, body } = await disabled.openOne();
    expect(status).toBe(403);
    expect(body).toStrictEqual({
      code: 403,
      message: 'The account of this session key is disabled. Its operator alone can enable it.',
    });
  });

  test.each([
    ['the profile', '', 'GET'],
    ['the list of keys', '/access-keys', 'GET'],
    ['a new key', '/access-keys', 'POST'],
  ])('refuses its running sessions %s: 401 with the reason', async (_what, path, method) => {
    const { status, body, headers } = await disabled.callWith(disabled.token, path, { method });
    expect(status).toBe(401);
    expect(body).toStrictEqual({
      code: 401,
      message: 'The account of this session is disabled. Its operator alone can enable it.',
    });
    expect(headers.get('www-authenticate')).toMatch(/error="invalid_token"/);
  });

  test('opens sessions again when it is enabled, and those that it had stay ended', async () => {
    const { mageId, token, openOne, callWith } = await account();
    await operatorJson(sandbox, 'account', 'disable', mageId);
    await operatorJson(sandbox, 'account', 'enable', mageId);
    expect((await callWith(token)).status).toBe(401);
    const opened = await openOne();
    expect(opened.status).toBe(200);
    expect((await callWith(opened.body['ust'])).status).toBe(200);
  });
});

describe.each([
  ['sandbox', 'production'],
  ['production', 'sandbox'],
] as const)('separation of stages, %s credentials in %s', (fromName, toName) => {
  const [from, to] = [stages[fromName], stages[toName]];

  test('a session key is refused', async () => {
    const { clientId, clientSecret } = from.sessionKey;
    const { status } = await postJson(
      `${to.url}/rest/v1/app/session/token`,
      { grant_type: 'session' },
      { authorization: basic(clientId, clientSecret) },
    );
    expect(status).toBe(401);
  });

  test('a session token is refused', async () => {
    const { body } = await open(from);
    const { status } = await call(`${to.url}/rest/v1/users/${to.sessionKey.mageId}`, {
      headers: bearer(body['ust']),
    });
    expect(status).toBe(401);
  });
});

describe('separation of kinds of token', () => {
  const { integration, sessionKey } = sandbox;
  const integrationBasic = basic(integration.clientId, integration.clientSecret);
  const requestJwt = (authorization: string) =>
    postForm(`${sandbox.url}/oauth/token`, { grant_type: 'client_credentials' }, { authorization });

  test('a session key gets no JWT', async () => {
    const { status, body } = await requestJwt(basic(sessionKey.clientId, sessionKey.clientSecret));
    expect(status).toBe(400);
    expect(body['error']).toBe('unauthorized_client');
  });

  test('an integration gets no session token', async () => {
    const { status } = await postJson(
      `${sandbox.url}/rest/v1/app/session/token`,
      { grant_type: 'session' },
      { authorization: integrationBasic },
    );
    expect(status).toBe(401);
  });

  test('a JWT of an integration may not read an account profile', async () => {
    const { body } = await requestJwt(integrationBasic);
    const { status } = await call(`${sandbox.url}/rest/v1/users/${sessionKey.mageId}`, {
      headers: bearer(body['access_token']),
    });
    expect(status).toBe(403);
  });
});
