import assert from 'node:assert/strict';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { connectStage } from '../../cli/stage-connection.ts';
import type { TimedStage } from '../../cli/stage.ts';
import { registerAccount } from '../../src/clients/account-registration.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import { systemClock } from '../../src/clock.ts';
import { operatorJson } from './operator.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const { sandbox, production } = localStages();

/** The stores of a running stage, as an operator reaches them. */
const operatorOf = async (stage: string, { url }: TestStage) => ({
  ...(await connectStage({ stage, local: true, port: Number(new URL(url).port) })),
  clock: systemClock,
});
const operator = await operatorOf('sandbox', sandbox);

/** An account with one key, which the operator created, and a session of that key. */
async function partner({ url }: TestStage = sandbox, stage: TimedStage = operator) {
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
  const keys = `${url}/rest/v1/users/${mageId}/access-keys`;
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

  test('regenerates a secret: the old one is invalid at once, and its sessions stay valid', async () => {
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
  });

  test('changes the label and regenerates the secret in one request', async () => {
    const { key, send } = await partner();
    const both = await send('PUT', '', { application_id: key.id, label: 'Both', regenerate_secret: true });
    expect(both.body['label']).toBe('Both');
    expect(both.body['application_secret']).not.toBe(key.secret);
    expect((await open(key)).status).toBe(401);
    expect((await open({ id: key.id, secret: both.body['application_secret'] })).status).toBe(200);
  });

  test('regenerates a secret once when its sessions request it concurrently', async () => {
    const { key, send } = await partner();
    const responses = await Promise.all(
      Array.from({ length: 4 }, () => send('PUT', `/${key.id}`, { regenerate_secret: true })),
    );
    const statuses = responses.map(({ status }) => status).toSorted((a, b) => a - b);
    // By then the sessions of the others are of a secret that was replaced.
    expect(statuses).toStrictEqual([200, 403, 403, 403]);
    const secret = responses.find(({ status }) => status === 200)?.body['application_secret'];
    expect((await open({ id: key.id, secret })).status).toBe(200);
  });

  test.each<[string, string, object | undefined]>([
    ['change the label of', 'PUT', { label: 'x' }],
    ['change the secret of', 'PUT', { regenerate_secret: true }],
    ['delete', 'DELETE', undefined],
    ['delete, with its sessions,', 'DELETE', { revoke_sessions: true }],
  ])('refuses to %s a key that the operator disabled', async (_what, method, body) => {
    const { key, send } = await partner();
    const second = await send('POST', '', { label: 'Second' });
    const id = String(second.body['application_id']);
    const client = await operator.clients.findNow(id);
    assert.ok(client);
    expect(await operator.clients.replace({ ...client, status: 'disabled' })).toBe(true);

    const refused = await send(method, `/${id}`, body);
    expect(refused.status).toBe(403);
    expect(String(refused.body['message'])).toMatch(/disabled by the operator/);

    expect((await open({ id, secret: second.body['application_secret'] })).status).toBe(401);
    expect((await open(key)).status).toBe(200);
    expect(listed(await send('GET')).length).toBe(2);

    // It keeps its place, so that the account has only one left.
    expect((await send('POST', '', { label: 'Third' })).status).toBe(201);
    expect((await send('POST', '', { label: 'Fourth' })).status).toBe(409);
  });
});

describe('session keys, a session whose secret is no longer valid', () => {
  type Partner = Awaited<ReturnType<typeof partner>>;
  const regenerate = async ({ send, key }: Partner) => {
    const { body } = await send('PUT', `/${key.id}`, { regenerate_secret: true });
    return { id: key.id, secret: body['application_secret'] };
  };
  const remove = async ({ send, key }: Partner) => {
    const other = await send('POST', '', { label: 'Other' });
    expect((await send('DELETE', `/${key.id}`)).status).toBe(204);
    return keyOf(other);
  };
  const causes: [name: string, cause: (owner: Partner) => Promise<{ id: unknown; secret: unknown }>][] = [
    ['was regenerated', regenerate],
    ['was deleted with its key', remove],
  ];

  describe.each(causes)('because it %s', (_name, cause) => {
    let owner: Partner;
    let current: { id: unknown; secret: unknown };
    beforeAll(async () => {
      owner = await partner();
      current = await cause(owner);
    });

    test.each<[string, string, (id: unknown) => string, object | undefined]>([
      ['create a key', 'POST', () => '', { label: 'x' }],
      ['rename a key', 'PUT', (id) => `/${String(id)}`, { label: 'x' }],
      ['regenerate a secret', 'PUT', (id) => `/${String(id)}`, { regenerate_secret: true }],
      ['delete a key', 'DELETE', (id) => `/${String(id)}`, undefined],
      ['delete a key with its sessions', 'DELETE', (id) => `/${String(id)}`, { revoke_sessions: true }],
    ])('may not %s: 403 with the reason', async (_what, method, path, body) => {
      const { status, body: error } = await owner.send(method, path(current.id), body);
      expect(status).toBe(403);
      expect(error['code']).toBe(403);
      expect(String(error['message'])).toMatch(/secret that opened this session is no longer valid/);
    });

    test('still reads the profile and the list of keys', async () => {
      expect((await profile(owner.mageId, owner.token)).status).toBe(200);
      const keys = listed(await owner.send('GET')).map(({ application_id: id }) => id);
      expect(keys).toStrictEqual([current.id]);
    });

    test('is replaced by a session of a current secret, which manages keys', async () => {
      const { body } = await open(current);
      const renamed = await call(owner.keys, {
        method: 'PUT',
        headers: { ...bearer(body['ust']), 'content-type': 'application/json' },
        body: JSON.stringify({ application_id: current.id, label: 'Renamed' }),
      });
      expect(renamed.status).toBe(200);
    });
  });
});

describe('session keys, delete', () => {
  test('makes the secret of a key invalid and frees its place, and its sessions go on', async () => {
    const { mageId, key, token, send } = await partner();
    const other = await send('POST', '', { label: 'Other' });
    const { id, secret } = keyOf(other);
    const session = (await open({ id, secret })).body['ust'];
    expect((await profile(mageId, session)).status).toBe(200);

    const deleted = await send('DELETE', `/${String(id)}`);
    expect(deleted.status).toBe(204);
    expect(deleted.text).toBe('');
    expect((await open({ id, secret })).status).toBe(401);
    expect((await profile(mageId, session)).status).toBe(200);
    expect((await send('DELETE', `/${String(id)}`)).status).toBe(404);
    expect(listed(await send('GET')).map(({ application_id: left }) => left)).toStrictEqual([key.id]);
    // Both together need the place of the deleted key.
    expect((await send('POST', '', { label: 'Second' })).status).toBe(201);
    expect((await send('POST', '', { label: 'Third' })).status).toBe(201);

    // The key whose session sends these requests.
    expect((await send('DELETE', `?application_id=${key.id}`)).status).toBe(204);
    expect((await profile(mageId, token)).status).toBe(200);
    expect((await send('GET')).status).toBe(200);
  });

  test.each<[string, (id: string) => [path: string, body?: object]]>([
    ['JSON', (id) => [`/${id}`, { revoke_sessions: true }]],
    ['JSON, with the id too', (id) => ['', { application_id: id, revoke_sessions: true }]],
    ['the query', (id) => [`/${id}?revoke_sessions=true`]],
    ['both', (id) => [`/${id}?revoke_sessions=true`, { revoke_sessions: true }]],
  ])('ends the sessions of a key by revoke_sessions in %s, and no others', async (_where, requestFor) => {
    const { mageId, token, send } = await partner();
    const { id, secret } = keyOf(await send('POST', '', { label: 'Other' }));
    const session = (await open({ id, secret })).body['ust'];
    const deleted = await send('DELETE', ...requestFor(String(id)));
    expect(deleted.status).toBe(204);
    const refused = await profile(mageId, session);
    expect(refused.status).toBe(401);
    expect(refused.headers.get('www-authenticate')).toMatch(/error="invalid_token"/);
    expect((await profile(mageId, token)).status).toBe(200);
  });

  test('ends the session that requests it, if its own key opened it', async () => {
    const { mageId, key, token, send } = await partner();
    expect((await send('DELETE', `/${key.id}?revoke_sessions=true`)).status).toBe(204);
    expect((await profile(mageId, token)).status).toBe(401);
  });

  test('ends the sessions that a deleted key left, if it is deleted again with revoke_sessions', async () => {
    const { mageId, send } = await partner();
    const { id, secret } = keyOf(await send('POST', '', { label: 'Other' }));
    const session = (await open({ id, secret })).body['ust'];
    expect((await send('DELETE', `/${String(id)}`)).status).toBe(204);
    expect((await profile(mageId, session)).status).toBe(200);
    expect((await send('DELETE', `/${String(id)}`, { revoke_sessions: true })).status).toBe(204);
    expect((await profile(mageId, session)).status).toBe(401);
    expect((await send('DELETE', `/${String(id)}`, { revoke_sessions: true })).status).toBe(404);
  });

  test('does not end the sessions that a deleted key of another account left', async () => {
    const [victim, other] = [await partner(), await partner()];
    expect((await victim.send('DELETE', `/${victim.key.id}`)).status).toBe(204);
    expect((await other.send('DELETE', `/${victim.key.id}`, { revoke_sessions: true })).status).toBe(404);
    expect((await profile(victim.mageId, victim.token)).status).toBe(200);
  });
});

describe('client delete of a session key', () => {
  const remove = (id: string, ...options: string[]) =>
    operatorJson(sandbox, 'client', 'delete', id, '--yes', ...options);
  const createAgain = ({ mageId, key }: Awaited<ReturnType<typeof partner>>) =>
    registerPartner(sandbox, { options: ['--account', mageId, '--client-id', key.id] });

  test('lets its sessions go on, and opens no others', async () => {
    const { mageId, key, token } = await partner();
    await remove(key.id);
    expect((await profile(mageId, token)).status).toBe(200);
    expect((await open(key)).status).toBe(401);
  });

  test('with --revoke-sessions ends its sessions, also when it is deleted already', async () => {
    const [once, twice] = [await partner(), await partner()];
    await remove(once.key.id, '--revoke-sessions');
    expect((await profile(once.mageId, once.token)).status).toBe(401);
    await remove(twice.key.id);
    await remove(twice.key.id, '--revoke-sessions');
    expect((await profile(twice.mageId, twice.token)).status).toBe(401);
  });

  test('ends the sessions of a key that was disabled', async () => {
    const { mageId, key, token } = await partner();
    await operatorJson(sandbox, 'client', 'disable', key.id);
    expect((await profile(mageId, token)).status).toBe(401);
    await remove(key.id);
    expect((await profile(mageId, token)).status).toBe(401);
  });

  test('does not revive revoked sessions, if the id is created again', async () => {
    const owner = await partner();
    await remove(owner.key.id, '--revoke-sessions');
    const again = await createAgain(owner);
    expect((await profile(owner.mageId, owner.token)).status).toBe(401);
    const { body } = await open({ id: again.clientId, secret: again.clientSecret });
    expect((await profile(owner.mageId, body['ust'])).status).toBe(200);
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
  const unknown = `${sandbox.url}/rest/v1/users/MAG00/access-keys`;
  const tooLong = `${sandbox.url}/rest/v1/users/${'M'.repeat(3_000)}/access-keys`;
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
    ['DELETE', 'another id in the query', 400, `${change}?application_id=AQ00000000`, undefined],
    ['DELETE', 'another id in the body', 400, change, { application_id: 'AQ00000000' }],
    ['DELETE', 'an id that is a number', 400, '', { application_id: 5 }],
    ['DELETE', 'a revoke_sessions that is a string', 400, change, { revoke_sessions: 'true' }],
    ['DELETE', 'a revoke_sessions that is yes', 400, `${change}?revoke_sessions=yes`, undefined],
    [
      'DELETE',
      'a revoke_sessions that differs in the query and the body',
      400,
      `${change}?revoke_sessions=false`,
      { revoke_sessions: true },
    ],
    ['DELETE', 'truncated JSON', 400, change, '{"revoke_sessions":'],
    ['DELETE', 'a body that is too large', 413, change, { x: 'x'.repeat(16_384) }],
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
    const { status } = await postJson(`${sandbox.url}/rest/v1/users/x/access-keys`, 'x', {
      'content-type': 'text/plain',
    });
    expect(status).toBe(401);
  });
});

describe('path of package keys, another resource of EQP', () => {
  test.each(['GET', 'POST', 'PUT', 'DELETE'])('%s is 404', async (method) => {
    const path = `${sandbox.url}/rest/v1/users/${owner.mageId}/keys`;
    expect((await call(path, { method, headers: bearer(owner.token) })).status).toBe(404);
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
