import assert from 'node:assert/strict';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { connectStage } from '../../cli/stage-connection.ts';
import type { Stage } from '../../cli/stage.ts';
import { registerAccount } from '../../src/clients/account-registration.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const { sandbox, production } = localStages();

/** The stores of a running stage, as an operator reaches them. */
const operatorOf = (stage: string, { url }: TestStage) =>
  connectStage({ stage, local: true, port: Number(new URL(url).port) });
const operator = await operatorOf('sandbox', sandbox);

/** An account with one key, which the operator created, and a session of that key. */
async function partner({ url }: TestStage = sandbox, stage: Stage = operator) {
  const account = await registerAccount(
    { firstName: 'Grace', lastName: 'Hopper', email: 'grace@example.com' },
    stage,
  );
  assert.ok(account.ok);
  const { mageId } = account.value;
  const registered = await registerClient(
    { name: 'First', kind: 'integration', account: mageId, scopes: [], defaultScopes: [], claims: {} },
    stage,
  );
  assert.ok(registered.ok && registered.value.secret !== undefined);
  const key = { id: registered.value.client.id, secret: registered.value.secret };
  const opened = await open(key, url);
  expect(opened.status).toBe(200);
  const token = opened.body['ust'];
  const keys = `${url}/rest/v1/users/${mageId}/keys`;
  const send = (method: string, path = '', body?: unknown) =>
    call(keys + path, {
      method,
      headers: { ...bearer(token), ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return { mageId, key, token, keys, send };
}

const open = ({ id, secret }: { id: unknown; secret: unknown }, url = sandbox.url) =>
  postJson(
    `${url}/rest/v1/app/session/token`,
    { grant_type: 'session' },
    { authorization: basic(String(id), String(secret)) },
  );
const profile = (mageId: string, token: unknown) =>
  call(`${sandbox.url}/rest/v1/users/${mageId}`, { headers: bearer(token) });
const listed = ({ body }: { body: Record<string, unknown> }) =>
  body['keys'] as { application_id: string; label: string; created_at: string }[];

const keyOf = ({ body }: JsonResponse) => ({
  id: body['application_id'],
  secret: body['application_secret'],
});
const keyMembers = ['application_id', 'application_secret', 'label', 'created_at'];

describe('session keys, list and create', () => {
  let owner: Awaited<ReturnType<typeof partner>>;
  const responses: Record<string, JsonResponse> = {};
  const response = (name: string) => {
    const found = responses[name];
    assert.ok(found);
    return found;
  };
  beforeAll(async () => {
    owner = await partner();
    responses['list'] = await owner.send('GET');
    responses['labelled'] = await owner.send('POST', '', { label: 'Büro <1> "x"' });
    responses['unlabelled'] = await call(owner.keys, { method: 'POST', headers: bearer(owner.token) });
    responses['fourth'] = await owner.send('POST', '', { label: 'Fourth' });
    responses['full list'] = await owner.send('GET');
  });

  test('lists the first key with its label and the time of its creation', () => {
    const { status, headers, body } = response('list');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(body)).toStrictEqual(['keys']);
    const [first] = listed({ body });
    expect(body['keys']).toStrictEqual([
      { application_id: owner.key.id, label: 'First', created_at: first?.created_at },
    ]);
    expect(first?.created_at ?? '').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);
  });

  test('creates a key with a label', () => {
    const { status, headers, body } = response('labelled');
    expect(status).toBe(201);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(Object.keys(body)).toStrictEqual(keyMembers);
    expect(String(body['application_id'])).toMatch(/^AQ[A-Z\d]{8}$/);
    expect(String(body['application_secret'])).toMatch(/^[\da-f]{40}$/);
    expect(body['label']).toBe('Büro <1> "x"');
  });

  test('creates a key with the default label from an empty body', () => {
    const { status, body } = response('unlabelled');
    expect(status).toBe(201);
    expect(body['label']).toBe('Session key');
  });

  test.each(['labelled', 'unlabelled'])('opens sessions with the %s key', async (name) => {
    const session = await open(keyOf(response(name)));
    expect(session.status).toBe(200);
    expect(session.body['mage_id']).toBe(owner.mageId);
    expect((await profile(owner.mageId, session.body['ust'])).status).toBe(200);
  });

  test('refuses a fourth key with 409, and says how to delete one', () => {
    const { status, body } = response('fourth');
    expect(status).toBe(409);
    expect(Object.keys(body)).toStrictEqual(['code', 'message']);
    expect(body['code']).toBe(409);
    expect(String(body['message'])).toMatch(/at most 3 keys\. Delete one first: DELETE /);
  });

  test('lists three keys without a secret or a hash', () => {
    const { text } = response('full list');
    expect(listed(response('full list')).length).toBe(3);
    expect(text).not.toMatch(/secret|hash/);
  });

  test.each(['labelled', 'unlabelled'])('does not list the secret of the %s key', (name) => {
    expect(response('full list').text).not.toContain(String(response(name).body['application_secret']));
  });

  test('creates at most three keys concurrently, and lists exactly those that it created', async () => {
    const { key, send } = await partner();
    const concurrent = await Promise.all(
      Array.from({ length: 8 }, (_, n) => send('POST', '', { label: `Key ${n}` })),
    );
    const statuses = concurrent.map(({ status }) => status).toSorted((a, b) => a - b);
    expect(statuses).toStrictEqual([201, 201, 409, 409, 409, 409, 409, 409]);
    const created = concurrent.filter(({ status }) => status === 201);
    const ids = listed(await send('GET')).map(({ application_id: id }) => id);
    expect(ids.toSorted()).toStrictEqual(
      [key.id, ...created.map(({ body }) => String(body['application_id']))].toSorted(),
    );
    const opened = await Promise.all(created.map((one) => open(keyOf(one))));
    expect(opened.map(({ status }) => status)).toStrictEqual([200, 200]);
  });
});

describe('session keys, form body', () => {
  test('creates and renames a key', async () => {
    const { keys, token } = await partner();
    const { status, body } = await postForm(keys, { label: 'By form' }, bearer(token));
    expect(status).toBe(201);
    expect(body['label']).toBe('By form');
    const renamed = await call(keys, {
      method: 'PUT',
      headers: bearer(token),
      body: new URLSearchParams({ application_id: String(body['application_id']), label: 'Renamed' }),
    });
    expect(renamed.status).toBe(200);
    expect(renamed.body['label']).toBe('Renamed');
  });
});

describe('session keys, update', () => {
  test.each<[string, (id: string) => [path: string, body: object]]>([
    ['path', (id) => [`/${id}`, { label: 'Second' }]],
    ['body', (id) => ['', { application_id: id, label: 'Second' }]],
  ])('changes only the label of the key that the %s names', async (_where, requestFor) => {
    const { mageId, key, send } = await partner();
    const before = await operator.clients.findNow(key.id);
    const { status, body } = await send('PUT', ...requestFor(key.id));
    expect(status).toBe(200);
    expect(Object.keys(body)).toStrictEqual(['application_id', 'label', 'created_at']);
    expect(body['label']).toBe('Second');
    assert.ok(before);
    expect(await operator.clients.findNow(key.id)).toStrictEqual({
      ...before,
      name: 'Second',
      version: before.version + 1,
    });
    expect((await open(key)).body['mage_id']).toBe(mageId);
  });

  test('changes the label twice, with one version for each change', async () => {
    const { key, send } = await partner();
    const before = await operator.clients.findNow(key.id);
    expect((await send('PUT', `/${key.id}`, { label: 'Second' })).status).toBe(200);
    expect((await send('PUT', '', { application_id: key.id, label: 'Third' })).status).toBe(200);
    assert.ok(before);
    expect(await operator.clients.findNow(key.id)).toStrictEqual({
      ...before,
      name: 'Third',
      version: before.version + 2,
    });
  });

  test('regenerates a secret: the old one is invalid at once, and sessions stay valid', async () => {
    const { mageId, key, token, send } = await partner();
    const regenerated = await send('PUT', `/${key.id}`, { regenerate_secret: true });
    expect(regenerated.status).toBe(200);
    expect(Object.keys(regenerated.body)).toStrictEqual(keyMembers);
    expect(String(regenerated.body['application_secret'])).toMatch(/^[\da-f]{40}$/);
    expect(regenerated.body['label']).toBe('First');

    expect((await open(key)).status).toBe(401);
    const opened = await open({ id: key.id, secret: regenerated.body['application_secret'] });
    expect(opened.status).toBe(200);
    expect((await profile(mageId, token)).status).toBe(200);
    expect((await profile(mageId, opened.body['ust'])).status).toBe(200);

    const both = await send('PUT', '', { application_id: key.id, label: 'Both', regenerate_secret: true });
    expect(both.body['label']).toBe('Both');
    expect(both.body['application_secret']).not.toBe(regenerated.body['application_secret']);
    expect((await open({ id: key.id, secret: regenerated.body['application_secret'] })).status).toBe(401);
  });

  test('leaves one valid secret when secrets are regenerated concurrently', async () => {
    const { key, send } = await partner();
    const responses = await Promise.all(
      Array.from({ length: 4 }, () => send('PUT', `/${key.id}`, { regenerate_secret: true })),
    );
    const statuses = responses.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toStrictEqual([]);
    const opened = await Promise.all(
      responses
        .filter(({ status }) => status === 200)
        .map(({ body }) => open({ id: key.id, secret: body['application_secret'] })),
    );
    expect(opened.filter(({ status }) => status === 200).length).toBe(1);
  });

  test.each([
    ['label', { label: 'x' }],
    ['secret', { regenerate_secret: true }],
  ])('refuses to change the %s of a key that the operator disabled', async (_what, body) => {
    const { key, send } = await partner();
    const second = await send('POST', '', { label: 'Second' });
    const id = String(second.body['application_id']);
    const client = await operator.clients.findNow(id);
    assert.ok(client);
    expect(await operator.clients.replace({ ...client, status: 'disabled' })).toBe(true);

    const refused = await send('PUT', `/${id}`, body);
    expect(refused.status).toBe(403);
    expect(String(refused.body['message'])).toMatch(/disabled by the operator/);

    expect((await open({ id, secret: second.body['application_secret'] })).status).toBe(401);
    expect((await open(key)).status).toBe(200);
    expect(listed(await send('GET')).length).toBe(2);
  });
});

describe('session keys, delete', () => {
  test('makes the secret and the sessions of a key invalid, and frees its place', async () => {
    const { mageId, key, token, send } = await partner();
    const other = await send('POST', '', { label: 'Other' });
    const { id, secret } = keyOf(other);
    const session = (await open({ id, secret })).body['ust'];
    expect((await profile(mageId, session)).status).toBe(200);

    const deleted = await send('DELETE', `/${String(id)}`);
    expect(deleted.status).toBe(204);
    expect(deleted.text).toBe('');
    expect((await open({ id, secret })).status).toBe(401);
    expect((await profile(mageId, session)).status).toBe(401);
    expect((await send('DELETE', `/${String(id)}`)).status).toBe(404);
    expect(listed(await send('GET')).map(({ application_id: left }) => left)).toStrictEqual([key.id]);
    // Both together need the place of the deleted key.
    expect((await send('POST', '', { label: 'Second' })).status).toBe(201);
    expect((await send('POST', '', { label: 'Third' })).status).toBe(201);

    // The key whose session sends these requests.
    expect((await send('DELETE', `?application_id=${key.id}`)).status).toBe(204);
    expect((await profile(mageId, token)).status).toBe(401);
    expect((await send('GET')).status).toBe(401);
  });
});

const [owner, stranger] = [await partner(), await partner()];
const { body: integrationToken } = await postForm(
  `${sandbox.url}/oauth/token`,
  { grant_type: 'client_credentials' },
  { authorization: basic(sandbox.integration.clientId, sandbox.integration.clientSecret) },
);
const jwt = integrationToken['access_token'];

describe('session keys, access', () => {
  const unknown = `${sandbox.url}/rest/v1/users/MAG00/keys`;
  const tooLong = `${sandbox.url}/rest/v1/users/${'M'.repeat(3_000)}/keys`;
  const inProduction = owner.keys.replace(sandbox.url, production.url);
  const callAs = (token: unknown, method: string, url: string, body?: object) =>
    call(url, {
      method,
      headers: { ...(token !== undefined && bearer(token)), 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });

  const requests: [name: string, method: string, path: string, body: object | undefined][] = [
    ['list', 'GET', '', undefined],
    ['create', 'POST', '', { label: 'x' }],
    ['update by path', 'PUT', `/${owner.key.id}`, { regenerate_secret: true }],
    ['update by body', 'PUT', '', { application_id: owner.key.id, label: 'x' }],
    ['delete by path', 'DELETE', `/${owner.key.id}`, undefined],
    ['delete by query', 'DELETE', `?application_id=${owner.key.id}`, undefined],
  ];

  describe.each(requests)('%s', (_name, method, path, body) => {
    test.each([
      ['the session of another account', 403, stranger.token, owner.keys],
      ['a JWT', 403, jwt, owner.keys],
      ['a JWT at an unknown account', 403, jwt, unknown],
      ['a session at an unknown account', 404, stranger.token, unknown],
      ['a session at an account id that is too long', 404, stranger.token, tooLong],
      ['no token', 401, undefined, owner.keys],
      ['an invalid token', 401, 'x', owner.keys],
      ['a session of the sandbox in production', 401, stranger.token, inProduction],
    ])('refuses %s with %i', async (_caller, status, token, keys) => {
      const response = await callAs(token, method, keys + path, body);
      expect(response.status).toBe(status);
      expect(Object.keys(response.body)).toStrictEqual(['code', 'message']);
      expect(response.body['code']).toBe(status);
    });
  });

  test.each(requests.filter(([, method, path]) => path !== '' || method === 'PUT'))(
    '%s is 404 for a key of another account',
    async (_name, method, path, body) => {
      expect((await callAs(stranger.token, method, stranger.keys + path, body)).status).toBe(404);
    },
  );

  test('leaves the key unchanged after all refused requests', async () => {
    expect((await open(owner.key)).status).toBe(200);
    expect(listed(await owner.send('GET')).map(({ label }) => label)).toStrictEqual(['First']);
  });
});

describe('session keys, malformed requests', () => {
  const { key, send } = owner;
  const change = `/${key.id}`;
  const labels: [string, unknown][] = [
    ['with a line feed', 'a\nb'],
    ['with a null character', 'a\u0000b'],
    ['with an escape sequence', '\u001B[2J'],
    ['with a change of direction', '\u202Eabc'],
    ['with a line separator', 'a\u2028b'],
    ['of 101 characters', 'x'.repeat(101)],
    ['that is a number', 5],
    ['that is an array', ['a']],
    ['that is an object', { a: 1 }],
  ];
  const cases: [method: string, name: string, status: number, path: string, body: unknown][] = [
    ...labels.flatMap(([name, label]): typeof cases => [
      ['POST', `a label ${name}`, 400, '', { label }],
      ['PUT', `a label ${name}`, 400, change, { label }],
    ]),
    ['POST', 'a JSON array', 400, '', '[]'],
    ['POST', 'a JSON string', 400, '', '"label"'],
    ['POST', 'truncated JSON', 400, '', '{"label":'],
    ['POST', 'a duplicate JSON member', 400, '', '{"label":"a","label":"b"}'],
    ['POST', 'deeply nested JSON', 400, '', '['.repeat(16_000)],
    ['POST', 'a body that is too large', 413, '', { label: 'x'.repeat(16_384) }],
    ['PUT', 'a body that is too large', 413, change, { label: 'x'.repeat(16_384) }],
    ['PUT', 'an empty object', 400, change, {}],
    ['PUT', 'an empty label', 400, change, { label: '' }],
    ['PUT', 'a label that is null, which is absent', 400, change, { label: null }],
    ['PUT', 'a regenerate_secret that is false', 400, change, { regenerate_secret: false }],
    ['PUT', 'a regenerate_secret that is a string', 400, change, { regenerate_secret: 'true' }],
    ['PUT', 'another id in the body', 400, change, { label: 'x', application_id: 'AQ00000000' }],
    ['PUT', 'a request without an id', 400, '', { label: 'x' }],
    ['PUT', 'an id that is a number', 400, '', { label: 'x', application_id: 5 }],
    ['PUT', 'an unknown id', 404, '/AQ00000000', { label: 'x' }],
    ['PUT', 'an id of escaped control characters', 404, '/%00%0A%23', { label: 'x' }],
    ['PUT', 'an id of 5000 characters', 404, `/${'A'.repeat(5_000)}`, { label: 'x' }],
    ['DELETE', 'a request without an id', 400, '', undefined],
    ['DELETE', 'an empty id', 400, '?application_id=', undefined],
    ['DELETE', 'a duplicate id', 404, `?application_id=${key.id}&application_id=${key.id}`, undefined],
    ['DELETE', 'the id __proto__', 404, '/__proto__', undefined],
  ];

  test.each(cases)('%s refuses %s with %i', async (method, _name, status, path, body) => {
    const response = await send(method, path, body);
    expect(response.status).toBe(status);
    expect(Object.keys(response.body)).toStrictEqual(['code', 'message']);
    expect(response.body['code']).toBe(status);
    expect(String(response.body['message']).length).toBeGreaterThan(10);
  });

  test('leave the key unchanged', async () => {
    const client = await operator.clients.findNow(key.id);
    expect(client).toMatchObject({ name: 'First', version: 1 });
    expect(listed(await send('GET')).length).toBe(1);
  });

  test('refuses a request without a token with 401, before the media type', async () => {
    const { status } = await postJson(`${sandbox.url}/rest/v1/users/x/keys`, 'x', {
      'content-type': 'text/plain',
    });
    expect(status).toBe(401);
  });
});

describe('session keys, production', () => {
  test('creates a key that opens sessions in production only', async () => {
    const { mageId, send } = await partner(production, await operatorOf('production', production));
    const created = await send('POST', '', { label: 'Live' });
    expect(created.status).toBe(201);
    expect((await open(keyOf(created), production.url)).body['mage_id']).toBe(mageId);
    expect((await open(keyOf(created))).status).toBe(401);
  });
});
