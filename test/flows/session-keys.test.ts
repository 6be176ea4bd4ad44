import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { connectStage } from '../../cli/stage-connection.ts';
import type { Stage } from '../../cli/stage.ts';
import { registerAccount } from '../../src/clients/account-registration.ts';
import { registerClient } from '../../src/clients/client-registration.ts';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const { sandbox, production } = localStages();

/** The stores of a running stage, as an operator reaches them. */
const operatorOf = (stage: string, { url }: TestStage) =>
  connectStage({ stage, local: true, port: Number(new URL(url).port) });
const operator = await operatorOf('sandbox', sandbox);

/** An account with one key, made by the operator, and a session that it opened. */
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

test('keys are listed, created up to three, and each opens sessions', async () => {
  const { mageId, key, send, keys, token } = await partner();
  const before = await send('GET');
  expect(before.status).toBe(200);
  expect(before.headers.get('cache-control')).toBe('no-store');
  expect(Object.keys(before.body)).toStrictEqual(['keys']);
  const [first] = listed(before);
  expect(before.body['keys']).toStrictEqual([
    { application_id: key.id, label: 'First', created_at: first?.created_at },
  ]);
  expect(first?.created_at ?? '').toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/);

  const named = await send('POST', '', { label: 'Büro <1> "x"' });
  assert.equal(named.status, 201, named.text);
  expect(named.headers.get('cache-control')).toBe('no-store');
  expect(Object.keys(named.body)).toStrictEqual([
    'application_id',
    'application_secret',
    'label',
    'created_at',
  ]);
  expect(String(named.body['application_id'])).toMatch(/^AQ[A-Z\d]{8}$/);
  expect(String(named.body['application_secret'])).toMatch(/^[\da-f]{40}$/);
  expect(named.body['label']).toBe('Büro <1> "x"');

  const nameless = await call(keys, { method: 'POST', headers: bearer(token) });
  assert.equal(nameless.status, 201, nameless.text);
  expect(nameless.body['label']).toBe('Session key');

  for (const { body } of [named, nameless]) {
    const session = await open({ id: body['application_id'], secret: body['application_secret'] });
    expect(session.status).toBe(200);
    expect(session.body['mage_id']).toBe(mageId);
    expect((await profile(mageId, session.body['ust'])).status).toBe(200);
  }

  const fourth = await send('POST', '', { label: 'Fourth' });
  expect(fourth.status).toBe(409);
  expect(Object.keys(fourth.body)).toStrictEqual(['code', 'message']);
  expect(fourth.body['code']).toBe(409);
  expect(String(fourth.body['message'])).toMatch(/at most 3 keys\. Delete one first: DELETE /);

  const all = await send('GET');
  expect(listed(all).length).toBe(3);
  for (const { body } of [named, nameless]) {
    expect(all.text).not.toContain(String(body['application_secret']));
  }
  expect(all.text).not.toMatch(/secret|hash/);
});

test('a form creates and renames a key, too', async () => {
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

test('of many keys created at once three live at most, and only what was answered is there', async () => {
  const { key, send } = await partner();
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) => send('POST', '', { label: `Key ${n}` })),
  );
  const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
  expect(statuses).toStrictEqual([201, 201, 409, 409, 409, 409, 409, 409]);
  const created = answers.filter(({ status }) => status === 201);
  const ids = listed(await send('GET')).map(({ application_id: id }) => id);
  expect(ids.toSorted()).toStrictEqual(
    [key.id, ...created.map(({ body }) => String(body['application_id']))].toSorted(),
  );
  for (const { body } of created) {
    const opened = await open({ id: body['application_id'], secret: body['application_secret'] });
    expect(opened.status).toBe(200);
  }
});

test('a label changes and nothing else does', async () => {
  const { mageId, key, send } = await partner();
  const before = await operator.clients.findNow(key.id);
  for (const [path, body] of [
    [`/${key.id}`, { label: 'Second' }],
    ['', { application_id: key.id, label: 'Third' }],
  ] as const) {
    const { status, body: answer } = await send('PUT', path, body);
    expect(status).toBe(200);
    expect(Object.keys(answer)).toStrictEqual(['application_id', 'label', 'created_at']);
    expect(answer['label']).toBe(body.label);
  }
  assert.ok(before);
  expect(await operator.clients.findNow(key.id)).toStrictEqual({
    ...before,
    name: 'Third',
    version: before.version + 2,
  });
  expect((await open(key)).body['mage_id']).toBe(mageId);
});

test('a regenerated secret ends the old one at once, and its sessions live on', async () => {
  const { mageId, key, token, send } = await partner();
  const made = await send('PUT', `/${key.id}`, { regenerate_secret: true });
  assert.equal(made.status, 200, made.text);
  expect(Object.keys(made.body)).toStrictEqual([
    'application_id',
    'application_secret',
    'label',
    'created_at',
  ]);
  expect(String(made.body['application_secret'])).toMatch(/^[\da-f]{40}$/);
  expect(made.body['label']).toBe('First');

  expect((await open(key)).status).toBe(401);
  const opened = await open({ id: key.id, secret: made.body['application_secret'] });
  expect(opened.status).toBe(200);
  expect((await profile(mageId, token)).status).toBe(200);
  expect((await profile(mageId, opened.body['ust'])).status).toBe(200);

  const both = await send('PUT', '', { application_id: key.id, label: 'Both', regenerate_secret: true });
  expect(both.body['label']).toBe('Both');
  expect(both.body['application_secret']).not.toBe(made.body['application_secret']);
  expect((await open({ id: key.id, secret: made.body['application_secret'] })).status).toBe(401);
});

test('of secrets regenerated at once the last alone is good', async () => {
  const { key, send } = await partner();
  const answers = await Promise.all(
    Array.from({ length: 4 }, () => send('PUT', `/${key.id}`, { regenerate_secret: true })),
  );
  for (const { status } of answers) assert.ok(status === 200 || status === 409, String(status));
  const opened = await Promise.all(
    answers
      .filter(({ status }) => status === 200)
      .map(({ body }) => open({ id: key.id, secret: body['application_secret'] })),
  );
  expect(opened.filter(({ status }) => status === 200).length).toBe(1);
});

test.each(['Second', 'Third'])(
  'a deleted key opens nothing, its sessions end, and its place is free: %s',
  async (label) => {
    const { mageId, key, token, send } = await partner();
    const other = await send('POST', '', { label: 'Other' });
    const [id, secret] = [other.body['application_id'], other.body['application_secret']];
    const session = (await open({ id, secret })).body['ust'];
    expect((await profile(mageId, session)).status).toBe(200);
    const deleted = await send('DELETE', `/${String(id)}`);
    expect(deleted.status).toBe(204);
    expect(deleted.text).toBe('');
    expect((await open({ id, secret })).status).toBe(401);
    expect((await profile(mageId, session)).status).toBe(401);
    expect((await send('DELETE', `/${String(id)}`)).status).toBe(404);
    expect(listed(await send('GET')).map(({ application_id: left }) => left)).toStrictEqual([key.id]);
    expect((await send('POST', '', { label })).status).toBe(201);
    // The key that opened the session of these calls
    expect((await send('DELETE', `?application_id=${key.id}`)).status).toBe(204);
    expect((await profile(mageId, token)).status).toBe(401);
    expect((await send('GET')).status).toBe(401);
  },
);

test('keys are those of the own account alone', async () => {
  const one = await partner();
  const other = await partner();
  const requests: [method: string, path: string, body?: object][] = [
    ['GET', ''],
    ['POST', '', { label: 'x' }],
    ['PUT', `/${one.key.id}`, { regenerate_secret: true }],
    ['PUT', '', { application_id: one.key.id, label: 'x' }],
    ['DELETE', `/${one.key.id}`],
    ['DELETE', `?application_id=${one.key.id}`],
  ];
  const jwt = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials' },
    { authorization: basic(sandbox.integration.clientId, sandbox.integration.clientSecret) },
  );
  for (const [method, path, body] of requests) {
    const callAs = (token: unknown, keys = one.keys) =>
      call(keys + path, {
        method,
        headers: { ...(token !== undefined && bearer(token)), 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
    const unknown = `${sandbox.url}/rest/v1/users/MAG00/keys`;
    const answers: [number, Awaited<ReturnType<typeof callAs>>][] = [
      [403, await callAs(other.token)],
      [403, await callAs(jwt.body['access_token'])],
      [403, await callAs(jwt.body['access_token'], unknown)],
      [404, await callAs(other.token, unknown)],
      [404, await callAs(other.token, `${sandbox.url}/rest/v1/users/${'M'.repeat(3_000)}/keys`)],
      [401, await callAs(undefined)],
      [401, await callAs('x')],
      [401, await callAs(other.token, one.keys.replace(sandbox.url, production.url))],
    ];
    for (const [index, [status, answer]] of answers.entries()) {
      assert.equal(answer.status, status, `${method} ${path} ${index}: ${answer.text}`);
      expect(Object.keys(answer.body)).toStrictEqual(['code', 'message']);
      expect(answer.body['code']).toBe(status);
    }
    // Another's key is as unknown among one's own as one that is not there.
    if (path !== '' || method === 'PUT') {
      assert.equal((await callAs(other.token, other.keys)).status, 404, `${method} ${path}`);
    }
  }
  expect((await open(one.key)).status).toBe(200);
  expect(listed(await one.send('GET')).map(({ label }) => label)).toStrictEqual(['First']);
});

test.each([{ label: 'x' }, { regenerate_secret: true }])(
  'a key that the operator disabled is not for its partner to change: %j',
  async (body) => {
    const { key, send } = await partner();
    const second = await send('POST', '', { label: 'Second' });
    const id = String(second.body['application_id']);
    const client = await operator.clients.findNow(id);
    assert.ok(client && (await operator.clients.replace({ ...client, status: 'disabled' })));

    const refused = await send('PUT', `/${id}`, body);
    expect(refused.status).toBe(403);
    expect(String(refused.body['message'])).toMatch(/disabled by the operator/);

    expect((await open({ id, secret: second.body['application_secret'] })).status).toBe(401);
    expect((await open(key)).status).toBe(200);
    expect(listed(await send('GET')).length).toBe(2);
  },
);

test('every malformed request is a 4xx that repeats nothing and changes nothing', async () => {
  const { key, send } = await partner();
  const change = `/${key.id}`;
  const cases: [number, string, string, unknown][] = [
    ...[
      'a\nb',
      'a\u0000b',
      '\u001B[2J',
      '\u202Eabc',
      'a\u2028b',
      'x'.repeat(101),
      5,
      null,
      ['a'],
      { a: 1 },
    ].flatMap((label): [number, string, string, unknown][] => [
      [400, 'POST', '', { label }],
      [400, 'PUT', change, { label }],
    ]),
    [400, 'POST', '', '[]'],
    [400, 'POST', '', '"label"'],
    [400, 'POST', '', '{"label":'],
    [400, 'POST', '', '{"label":"a","label":"b"}'],
    [400, 'POST', '', '['.repeat(16_000)],
    [413, 'POST', '', { label: 'x'.repeat(16_384) }],
    [413, 'PUT', change, { label: 'x'.repeat(16_384) }],
    [400, 'PUT', change, {}],
    [400, 'PUT', change, { label: '' }],
    [400, 'PUT', change, { regenerate_secret: false }],
    [400, 'PUT', change, { regenerate_secret: 'true' }],
    [400, 'PUT', change, { label: 'x', application_id: 'AQ00000000' }],
    [400, 'PUT', '', { label: 'x' }],
    [400, 'PUT', '', { label: 'x', application_id: 5 }],
    [404, 'PUT', '/AQ00000000', { label: 'x' }],
    [404, 'PUT', '/%00%0A%23', { label: 'x' }],
    [404, 'PUT', `/${'A'.repeat(5_000)}`, { label: 'x' }],
    [400, 'DELETE', '', undefined],
    [400, 'DELETE', '?application_id=', undefined],
    [404, 'DELETE', `?application_id=${key.id}&application_id=${key.id}`, undefined],
    [404, 'DELETE', '/__proto__', undefined],
  ];
  for (const [status, method, path, body] of cases) {
    const answer = await send(method, path, body);
    const what = `${method} ${path} ${JSON.stringify(body)}`.slice(0, 100);
    assert.equal(answer.status, status, `${what}: ${answer.text}`);
    assert.deepEqual(Object.keys(answer.body), ['code', 'message'], what);
    assert.equal(answer.body['code'], status, what);
    assert.ok(String(answer.body['message']).length > 10, what);
  }
  const client = await operator.clients.findNow(key.id);
  expect(client).toMatchObject({ name: 'First', version: 1 });
  expect(listed(await send('GET')).length).toBe(1);

  const type = await postJson(`${sandbox.url}/rest/v1/users/x/keys`, 'x', { 'content-type': 'text/plain' });
  assert.equal(type.status, 401, 'who is unknown is told nothing of the body');
});

test('production has keys of its own', async () => {
  const { mageId, send } = await partner(production, await operatorOf('production', production));
  const { status, body } = await send('POST', '', { label: 'Live' });
  expect(status).toBe(201);
  const key = { id: body['application_id'], secret: body['application_secret'] };
  expect((await open(key, production.url)).body['mage_id']).toBe(mageId);
  expect((await open(key)).status).toBe(401);
});
