import { request } from 'node:http';
import { describe, expect, test } from '@jest/globals';
import { localStages } from './stages.ts';
import { basic, call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const { sandbox } = localStages();
const endpoint = `${sandbox.url}/oauth/token`;
const grant_type = 'client_credentials';
const { clientId: client_id, clientSecret: client_secret } = sandbox.integration;
const form = 'application/x-www-form-urlencoded';

/** Sends headers exactly as given, duplicates included; fetch would combine them. */
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

describe('token endpoint, malformed requests', () => {
  const credentials = { client_id, client_secret };
  const cases: [string, number, string, () => Promise<JsonResponse>][] = [
    ['an empty form', 400, 'invalid_request', () => postForm(endpoint, {})],
    ['a request without grant_type', 400, 'invalid_request', () => postForm(endpoint, credentials)],
    [
      'a grant_type in the query',
      400,
      'invalid_request',
      () => postForm(`${endpoint}?grant_type=${grant_type}`, credentials),
    ],
    [
      'credentials in the query',
      401,
      'invalid_client',
      () => postForm(`${endpoint}?client_id=${client_id}&client_secret=${client_secret}`, { grant_type }),
    ],
    [
      'an unknown grant_type',
      400,
      'unsupported_grant_type',
      () => postForm(endpoint, { ...credentials, grant_type: 'password' }),
    ],
    [
      'a secret as grant_type',
      400,
      'unsupported_grant_type',
      () => postForm(endpoint, { ...credentials, grant_type: client_secret }),
    ],
    [
      'a wrong secret',
      401,
      'invalid_client',
      () => postForm(endpoint, { grant_type, client_id, client_secret: `${client_secret}0` }),
    ],
    [
      'a secret in the scope',
      400,
      'invalid_scope',
      () => postForm(endpoint, { ...credentials, grant_type, scope: `a ${client_secret}` }),
    ],
    [
      'a scope with quotes',
      400,
      'invalid_scope',
      () => postForm(endpoint, { ...credentials, grant_type, scope: 'a"b\\c' }),
    ],
    ['a JSON array', 400, 'invalid_request', () => postJson(endpoint, '[]')],
    [
      'a duplicate JSON member',
      400,
      'invalid_request',
      () => postJson(endpoint, `{"grant_type":"${grant_type}","grant_type":"x"}`),
    ],
    [
      'a scope that is an array',
      400,
      'invalid_request',
      () => postJson(endpoint, { grant_type, ...credentials, scope: ['a'] }),
    ],
    [
      'a grant_type that is an object',
      400,
      'invalid_request',
      () => postJson(endpoint, { grant_type: { $ne: null } }),
    ],
    ['deeply nested JSON', 400, 'invalid_request', () => postJson(endpoint, '['.repeat(16_000))],
    [
      'an unsupported media type',
      415,
      'invalid_request',
      () => postJson(endpoint, 'x', { 'content-type': 'application/xml' }),
    ],
    ['a body that is too large', 413, 'invalid_request', () => postForm(endpoint, { x: 'x'.repeat(20_000) })],
  ];

  test.each(cases)('refuses %s with %i %s, without the secret', async (_name, status, error, send) => {
    const response = await send();
    expect([response.status, response.body['error']]).toStrictEqual([status, error]);
    expect(String(response.body['error_description']).length).toBeGreaterThan(10);
    expect(response.text).not.toContain(client_secret);
  });
});

describe('token endpoint, malformed headers and bodies', () => {
  const authorization = basic(client_id, client_secret);
  const body = `grant_type=${grant_type}`;
  const cases: [string, number, string[], string | Buffer][] = [
    [
      'two Authorization headers',
      401,
      ['content-type', form, 'authorization', authorization, 'authorization', authorization],
      body,
    ],
    [
      'Basic credentials and a secret in the body',
      400,
      ['content-type', form, 'authorization', authorization],
      `${body}&client_secret=${client_secret}`,
    ],
    ['duplicate parameters', 400, ['content-type', form], `${body}&${body}`],
    [
      'bytes that are not UTF-8',
      400,
      ['content-type', form],
      Buffer.concat([Buffer.from(body), Buffer.from([0x26, 0xff, 0x3d, 0xfe])]),
    ],
    ['two media types', 415, ['content-type', `${form}, application/json`], body],
    ['a tab in Basic credentials', 401, ['content-type', form, 'authorization', 'Basic YTpi\tYTpi'], body],
    ['empty Basic credentials', 401, ['content-type', form, 'authorization', 'Basic ='], body],
    [
      'a forwarded Authorization header',
      401,
      ['content-type', form, 'x-forwarded-authorization', authorization],
      body,
    ],
  ];

  test.each(cases)('refuses %s with %i, without the secret', async (_name, status, headers, sent) => {
    const response = await raw(headers, sent);
    expect(response.status).toBe(status);
    expect(response.text).not.toContain(client_secret);
  });
});

describe('token endpoint, client authentication', () => {
  test('responds to an unknown client as to a wrong secret', async () => {
    const wrong = await postForm(endpoint, { grant_type }, { authorization: basic(client_id, 'x') });
    const unknown = await postForm(endpoint, { grant_type }, { authorization: basic('nobody', 'x') });
    expect(wrong.text).toBe(unknown.text);
    expect(wrong.headers.get('www-authenticate')).toBe('Basic realm="sandbox"');
    expect(unknown.headers.get('www-authenticate')).toBe('Basic realm="sandbox"');
  });

  const jwtBearer = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const uncredentialed: [string, Record<string, string>, Record<string, string>][] = [
    ['no credentials', {}, {}],
    ['a wrong secret in the body', { client_id, client_secret: 'x' }, {}],
    ['a wrong assertion', { client_assertion: 'a.b.c', client_assertion_type: jwtBearer }, {}],
    ['only its id, although it is confidential', { client_id }, {}],
    ['another scheme', {}, { authorization: 'Bearer abc' }],
  ];

  describe.each(['/oauth/token', '/oauth/revoke', '/oauth/introspect', '/rest/v1/app/session/token'])(
    '%s',
    (path) => {
      test.each(uncredentialed)(
        'responds with 401 and a challenge to %s',
        async (_, credentials, headers) => {
          const response = await postForm(
            sandbox.url + path,
            { grant_type, token: 'x', ...credentials },
            headers,
          );
          expect(response.status).toBe(401);
          expect(response.headers.get('www-authenticate')).toBe('Basic realm="sandbox"');
        },
      );
    },
  );
});

describe('routes', () => {
  test.each([
    ['GET', '/oauth/token'],
    ['POST', '/oauth/token/'],
    ['POST', '/oauth'],
    ['POST', '/.well-known/jwks.json'],
    ['GET', '/'],
    ['DELETE', '/api/v1/marketplace/subscriptions/x'],
  ])('%s %s is 404, as API Gateway responds', async (method, path) => {
    const { status, body } = await call(sandbox.url + path, { method });
    expect(status).toBe(404);
    expect(body).toStrictEqual({ message: 'Not Found' });
  });
});
