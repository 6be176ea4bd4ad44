import assert from 'node:assert/strict';
import { request } from 'node:http';
import { expect, test } from '@jest/globals';
import { localStages } from './stages.ts';
import { basic, call, postForm, postJson } from './wire.ts';

const { sandbox } = localStages();
const endpoint = `${sandbox.url}/oauth/token`;
const grant_type = 'client_credentials';
const { clientId: client_id, clientSecret: client_secret } = sandbox.integration;
const form = 'application/x-www-form-urlencoded';

/** Sends headers as they are given, twice over where they are given twice; fetch would mend them. */
async function raw(headers: string[], body: string | Buffer) {
  return new Promise<{ status: number | undefined; text: string }>((resolve, reject) => {
    const { hostname, port, pathname } = new URL(endpoint);
    const sent = request({ hostname, port, path: pathname, method: 'POST', agent: false }, (response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString()));
      response.on('end', () => resolve({ status: response.statusCode, text }));
    });
    sent.on('error', reject);
    for (let i = 0; i < headers.length; i += 2) sent.appendHeader(headers[i] ?? '', headers[i + 1] ?? '');
    sent.end(body);
  });
}

test('every malformed request is answered with its 4xx, and repeats nothing secret', async () => {
  const credentials = { client_id, client_secret };
  const cases: [number, string, () => Promise<{ status: number; text: string }>][] = [
    [400, 'invalid_request', () => postForm(endpoint, {})],
    [400, 'invalid_request', () => postForm(endpoint, credentials)],
    [400, 'invalid_request', () => postForm(`${endpoint}?grant_type=${grant_type}`, credentials)],
    [
      401,
      'invalid_client',
      () => postForm(`${endpoint}?client_id=${client_id}&client_secret=${client_secret}`, { grant_type }),
    ],
    [400, 'unsupported_grant_type', () => postForm(endpoint, { ...credentials, grant_type: 'password' })],
    [400, 'unsupported_grant_type', () => postForm(endpoint, { ...credentials, grant_type: client_secret })],
    [
      401,
      'invalid_client',
      () => postForm(endpoint, { grant_type, client_id, client_secret: `${client_secret}0` }),
    ],
    [
      400,
      'invalid_scope',
      () => postForm(endpoint, { ...credentials, grant_type, scope: `a ${client_secret}` }),
    ],
    [400, 'invalid_scope', () => postForm(endpoint, { ...credentials, grant_type, scope: 'a"b\\c' })],
    [400, 'invalid_request', () => postJson(endpoint, '[]')],
    [400, 'invalid_request', () => postJson(endpoint, `{"grant_type":"${grant_type}","grant_type":"x"}`)],
    [400, 'invalid_request', () => postJson(endpoint, { grant_type, ...credentials, scope: ['a'] })],
    [400, 'invalid_request', () => postJson(endpoint, { grant_type: { $ne: null } })],
    [400, 'invalid_request', () => postJson(endpoint, '['.repeat(16_000))],
    [415, 'invalid_request', () => postJson(endpoint, 'x', { 'content-type': 'application/xml' })],
    [413, 'invalid_request', () => postForm(endpoint, { x: 'x'.repeat(20_000) })],
  ];
  for (const [status, error, send] of cases) {
    const answer = await send();
    assert.equal(answer.status, status, answer.text);
    expect(JSON.parse(answer.text).error).toBe(error);
    expect(JSON.parse(answer.text).error_description.length).toBeGreaterThan(10);
    assert.ok(!answer.text.includes(client_secret), 'a secret is repeated');
  }
});

test('smuggled, doubled and broken headers and bodies are refused', async () => {
  const authorization = basic(client_id, client_secret);
  const body = `grant_type=${grant_type}`;
  const cases: [number, string[], string | Buffer][] = [
    [401, ['content-type', form, 'authorization', authorization, 'authorization', authorization], body],
    [400, ['content-type', form, 'authorization', authorization], `${body}&client_secret=${client_secret}`],
    [400, ['content-type', form], `${body}&${body}`],
    [400, ['content-type', form], Buffer.concat([Buffer.from(body), Buffer.from([0x26, 0xff, 0x3d, 0xfe])])],
    [415, ['content-type', `${form}, application/json`], body],
    [401, ['content-type', form, 'authorization', 'Basic YTpi\tYTpi'], body],
    [401, ['content-type', form, 'authorization', 'Basic ='], body],
    [401, ['content-type', form, 'x-forwarded-authorization', authorization], body],
  ];
  for (const [status, headers, sent] of cases) {
    const answer = await raw(headers, sent);
    assert.equal(answer.status, status, `${headers.join(' ')} ${answer.text}`);
    expect(answer.text).not.toContain(client_secret);
  }
});

test('an unknown client and a wrong secret cannot be told apart', async () => {
  const wrong = await postForm(endpoint, { grant_type }, { authorization: basic(client_id, 'x') });
  const unknown = await postForm(endpoint, { grant_type }, { authorization: basic('nobody', 'x') });
  expect(wrong.text).toBe(unknown.text);
  expect(wrong.headers.get('www-authenticate')).toBe('Basic realm="sandbox"');
  expect(unknown.headers.get('www-authenticate')).toBe('Basic realm="sandbox"');
  const inBody = await postForm(endpoint, { grant_type, client_id, client_secret: 'x' });
  expect(inBody.status).toBe(401);
  expect(inBody.headers.get('www-authenticate')).toBe(null);
});

test('another method or path is 404, as API Gateway answers', async () => {
  for (const [method, path] of [
    ['GET', '/oauth/token'],
    ['POST', '/oauth/token/'],
    ['POST', '/oauth'],
    ['POST', '/.well-known/jwks.json'],
    ['GET', '/'],
    ['DELETE', '/api/v1/marketplace/subscriptions/x'],
  ] as const) {
    const { status, body } = await call(sandbox.url + path, { method });
    assert.equal(status, 404, `${method} ${path}`);
    expect(body).toStrictEqual({ message: 'Not Found' });
  }
});
