import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { httpApi } from '../../local/api-gateway/http-api.ts';
import type { HttpApi } from '../../local/api-gateway/http-api.ts';
import type { Route } from '../../local/api-gateway/route.ts';
import { matchRoute } from '../../local/api-gateway/route.ts';
import { afterThisTest } from '../after-this-test.ts';
import { fixtureArn, fixtureFunctions } from './fixture-function.ts';

const route = (routeKey: string, functionName = 'echo'): Route => ({
  routeKey,
  integration: { functionArn: fixtureArn(functionName) },
  authorizer: undefined,
  scopes: [],
});

const routeKeys = [
  'GET /pets/dog/1',
  'GET /pets/dog/{id}',
  'GET /pets/{proxy+}',
  'ANY /pets/dog/1',
  'ANY /{proxy+}',
  '$default',
];
const matches: readonly [string, string, string, Record<string, string>][] = [
  ['GET', '/pets/dog/1', 'GET /pets/dog/1', {}],
  ['POST', '/pets/dog/1', 'ANY /pets/dog/1', {}],
  ['GET', '/pets/dog/a%20b', 'GET /pets/dog/{id}', { id: 'a b' }],
  ['GET', '/pets/dog/', 'GET /pets/{proxy+}', { proxy: 'dog/' }],
  ['GET', '/pets/cat/1', 'GET /pets/{proxy+}', { proxy: 'cat/1' }],
  ['PUT', '/pets/cat', 'ANY /{proxy+}', { proxy: 'pets/cat' }],
];
for (const [method, path, routeKey, pathParameters] of matches) {
  test(`${method} ${path} goes to ${routeKey}`, () => {
    const match = matchRoute(routeKeys.map((key) => route(key)).toReversed(), method, path);
    expect(match?.route.routeKey).toBe(routeKey);
    expect(match?.pathParameters).toStrictEqual(pathParameters);
  });
}

test('HEAD is not GET, and nothing matches a longer path', () => {
  expect(matchRoute([route('GET /a')], 'HEAD', '/a')).toBeUndefined();
  expect(matchRoute([route('GET /a')], 'GET', '/a/b')).toBeUndefined();
  expect(matchRoute([route('GET /a/{b}')], 'GET', '/a')).toBeUndefined();
});

const functions = {
  echo: `export const handler = async (event) => event;`,
  answers: `export const handler = async ({ queryStringParameters: { answer } }) => JSON.parse(answer);`,
  throws: `export const handler = async () => { throw new Error('no'); };`,
};

async function api(): Promise<HttpApi> {
  const started = httpApi('abcdefghij', fixtureFunctions(functions).invoke);
  await started.listen(0);
  afterThisTest(() => started.close());
  for (const key of ['POST /echo/{id}', 'GET /echo/{id}']) started.addRoute(route(key));
  started.addRoute(route('GET /answers', 'answers'));
  started.addRoute(route('GET /throws', 'throws'));
  started.addRoute(route('GET /gone', 'gone'));
  started.deploy();
  return started;
}

test('makes events of payload format 2.0', async () => {
  const { endpoint } = await api();
  const headers = [
    'X-Many',
    'a',
    'Authorization',
    'Basic x',
    'x-many',
    'b',
    'Authorization',
    'Bearer y',
    'Cookie',
    'c=1; d=2',
  ];
  const event = JSON.parse(
    await raw(
      `${endpoint}/echo/a%2Fb%20c?q=1&q=2&r=%20`,
      'POST',
      [...headers, 'content-type', 'application/json'],
      '{"é":1}',
    ),
  );
  expect(event.version).toBe('2.0');
  expect(event.routeKey).toBe('POST /echo/{id}');
  expect(event.rawPath).toBe('/echo/a/b c');
  expect(event.rawQueryString).toBe('q=1&q=2&r=%20');
  expect(event.queryStringParameters).toStrictEqual({ q: '1,2', r: ' ' });
  expect(event.pathParameters).toStrictEqual({ id: 'a/b c' });
  expect(event.cookies).toStrictEqual(['c=1', 'd=2']);
  expect(event.headers['x-many']).toBe('a,b');
  expect(event.headers.authorization).toBe('Basic x,Bearer y');
  expect(event.headers.cookie).toBeUndefined();
  expect(event.body).toBe('{"é":1}');
  expect(event.isBase64Encoded).toBe(false);
  const { time, timeEpoch, requestId, ...context } = event.requestContext;
  expect(context).toStrictEqual({
    accountId: '000000000000',
    apiId: 'abcdefghij',
    domainName: '127.0.0.1',
    domainPrefix: '127',
    http: { method: 'POST', path: '/echo/a/b c', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
    routeKey: 'POST /echo/{id}',
    stage: '$default',
  });
  expect(time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  expect(Math.abs(Date.now() - timeEpoch)).toBeLessThan(5_000);
  expect(typeof requestId).toBe('string');
});

const bodies: readonly [string, boolean][] = [
  ['application/x-www-form-urlencoded', true],
  ['application/json; charset=utf-8', false],
  ['application/problem+json', false],
  ['text/plain', false],
  ['application/octet-stream', true],
];
for (const [type, isBase64Encoded] of bodies) {
  test(`a body of ${type} is ${isBase64Encoded ? 'in base64' : 'text'}`, async () => {
    const { endpoint } = await api();
    const response = await fetch(`${endpoint}/echo/1`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: 'a=b',
    });
    const event = Object(await response.json());
    expect(event.isBase64Encoded).toBe(isBase64Encoded);
    expect(event.body).toBe(isBase64Encoded ? Buffer.from('a=b').toString('base64') : 'a=b');
  });
}

test('sends what a function returns', async () => {
  const { endpoint } = await api();
  const get = (answer: unknown) =>
    fetch(`${endpoint}/answers?answer=${encodeURIComponent(JSON.stringify(answer))}`);

  const full = await get({
    statusCode: 201,
    headers: { 'Content-Type': 'text/html', 'X-Number': 3 },
    cookies: ['a=1', 'b=2'],
    body: Buffer.from('<p>').toString('base64'),
    isBase64Encoded: true,
  });
  expect(full.status).toBe(201);
  expect(full.headers.get('content-type')).toBe('text/html');
  expect(full.headers.get('x-number')).toBe('3');
  expect(full.headers.getSetCookie()).toStrictEqual(['a=1', 'b=2']);
  assert.ok(full.headers.get('apigw-requestid'));
  expect(await full.text()).toBe('<p>');

  const inferred = await get({ no: 'status' });
  expect(inferred.status).toBe(200);
  expect(inferred.headers.get('content-type')).toBe('application/json');
  expect(await inferred.json()).toStrictEqual({ no: 'status' });

  expect((await get({ statusCode: 'many' })).status).toBe(500);
});

test.each(['/throws', '/gone'])(
  'answers for functions that fail or are not there, and for routes that are not there: %s',
  async (path) => {
    const { endpoint } = await api();

    const response = await fetch(endpoint + path);
    expect(response.status).toBe(500);
    expect(await response.json()).toStrictEqual({ message: 'Internal Server Error' });

    const missing = await fetch(`${endpoint}/nowhere`);
    expect(missing.status).toBe(404);
    expect(await missing.json()).toStrictEqual({ message: 'Not Found' });
    expect((await fetch(`${endpoint}/answers`, { method: 'HEAD' })).status).toBe(404);
    expect((await fetch(`${endpoint}/echo/%zz`)).status).toBe(400);
  },
);

test('takes 10 MB and no more', async () => {
  const { endpoint } = await api();
  const post = (bytes: number) =>
    fetch(`${endpoint}/echo/1`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'a'.repeat(bytes),
    });
  expect((await post(10 * 1024 * 1024)).status).toBe(200);
  const refused = await post(10 * 1024 * 1024 + 1);
  expect(refused.status).toBe(413);
  expect(await refused.json()).toStrictEqual({ message: 'Request Entity Too Large' });
});

describe('HTTP API with a public URL', () => {
  async function mapped(publicUrl: string): Promise<HttpApi> {
    const started = httpApi('abcdefghij', fixtureFunctions(functions).invoke, { publicUrl });
    await started.listen(0);
    afterThisTest(() => started.close());
    for (const key of ['GET /echo/{id}', 'GET /base']) started.addRoute(route(key));
    started.deploy();
    return started;
  }

  test.each([
    ['/base/echo/1', 'GET /echo/{id}'],
    ['/echo/1', 'GET /echo/{id}'],
    ['/base', 'GET /base'],
  ])('routes %s to %s, and leaves the path as it came', async (path, routeKey) => {
    const { endpoint } = await mapped('https://auth.example.test/base');
    const event = Object(await (await fetch(endpoint + path)).json());
    expect([event.routeKey, event.rawPath, event.requestContext.http.path]).toStrictEqual([
      routeKey,
      path,
      path,
    ]);
  });

  test.each(['/basement/echo/1', '/base/base/echo/1', '/other/echo/1'])(
    'has no route for %s',
    async (path) => {
      const { endpoint } = await mapped('https://auth.example.test/base');
      expect((await fetch(endpoint + path)).status).toBe(404);
    },
  );

  test.each([
    ['https://auth.example.test/base', '/base'],
    ['https://auth.example.test/base/x', '/base/x'],
    ['https://auth.example.test/basement', undefined],
    ['https://other.example.test/base', undefined],
  ])('locates %s', async (url, path) => {
    const located = await mapped('https://auth.example.test/base');
    expect(located.locate(url)).toBe(path === undefined ? url : located.endpoint + path);
  });

  test('has no base path if the URL has none', async () => {
    const { endpoint, locate } = await mapped('https://auth.example.test');
    expect((await fetch(`${endpoint}/echo/1`)).status).toBe(200);
    expect(locate('https://auth.example.test/x')).toBe(`${endpoint}/x`);
  });
});

test('answers 400 to what is no HTTP, 404 before it has a stage, and closes at once', async () => {
  const started = httpApi('abcdefghij', fixtureFunctions({}).invoke);
  await started.listen(0);
  const { port } = new URL(started.endpoint);
  const socket = connect(Number(port), '127.0.0.1', () =>
    socket.write('GET / HTTP/1.1\r\nbad header\r\n\r\n'),
  );
  const [answer] = await new Promise<string[]>((resolve) =>
    socket.once('data', (data) => resolve(data.toString().split('\r\n'))),
  );
  expect(answer).toBe('HTTP/1.1 400 Bad Request');
  expect((await fetch(started.endpoint)).status).toBe(404);
  const begun = performance.now();
  await started.close();
  assert.ok(performance.now() - begun < 500, 'idle connections are ended');
});

/** A request with headers exactly as they are given, twice the same one too. */
function raw(url: string, method: string, headers: string[], body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { host } = new URL(url);
    const request = httpRequest(url, { method, headers: ['Host', host, ...headers] }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += chunk));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    request.end(body);
  });
}
