import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { httpApi } from '../../local/api-gateway/http-api.ts';
import type { HttpApi } from '../../local/api-gateway/http-api.ts';
import type { Route } from '../../local/api-gateway/route.ts';
import { matchRoute } from '../../local/api-gateway/route.ts';
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
    assert.equal(match?.route.routeKey, routeKey);
    assert.deepEqual(match?.pathParameters, pathParameters);
  });
}

test('HEAD is not GET, and nothing matches a longer path', () => {
  assert.equal(matchRoute([route('GET /a')], 'HEAD', '/a'), undefined);
  assert.equal(matchRoute([route('GET /a')], 'GET', '/a/b'), undefined);
  assert.equal(matchRoute([route('GET /a/{b}')], 'GET', '/a'), undefined);
});

const functions = {
  echo: `export const handler = async (event) => event;`,
  answers: `export const handler = async ({ queryStringParameters: { answer } }) => JSON.parse(answer);`,
  throws: `export const handler = async () => { throw new Error('no'); };`,
};

async function api(t: TestContext): Promise<HttpApi> {
  const started = httpApi('abcdefghij', fixtureFunctions(t, functions).invoke);
  await started.listen(0);
  t.after(() => started.close());
  for (const key of ['POST /echo/{id}', 'GET /echo/{id}']) started.addRoute(route(key));
  started.addRoute(route('GET /answers', 'answers'));
  started.addRoute(route('GET /throws', 'throws'));
  started.addRoute(route('GET /gone', 'gone'));
  started.deploy();
  return started;
}

test('makes events of payload format 2.0', async (t) => {
  const { endpoint } = await api(t);
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
  assert.equal(event.version, '2.0');
  assert.equal(event.routeKey, 'POST /echo/{id}');
  assert.equal(event.rawPath, '/echo/a/b c');
  assert.equal(event.rawQueryString, 'q=1&q=2&r=%20');
  assert.deepEqual(event.queryStringParameters, { q: '1,2', r: ' ' });
  assert.deepEqual(event.pathParameters, { id: 'a/b c' });
  assert.deepEqual(event.cookies, ['c=1', 'd=2']);
  assert.equal(event.headers['x-many'], 'a,b');
  assert.equal(event.headers.authorization, 'Basic x,Bearer y');
  assert.equal(event.headers.cookie, undefined);
  assert.equal(event.body, '{"é":1}');
  assert.equal(event.isBase64Encoded, false);
  const { time, timeEpoch, requestId, ...context } = event.requestContext;
  assert.deepEqual(context, {
    accountId: '000000000000',
    apiId: 'abcdefghij',
    domainName: '127.0.0.1',
    domainPrefix: '127',
    http: { method: 'POST', path: '/echo/a/b c', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
    routeKey: 'POST /echo/{id}',
    stage: '$default',
  });
  assert.match(time, /^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
  assert.ok(Math.abs(Date.now() - timeEpoch) < 5_000);
  assert.equal(typeof requestId, 'string');
});

const bodies: readonly [string, boolean][] = [
  ['application/x-www-form-urlencoded', true],
  ['application/json; charset=utf-8', false],
  ['application/problem+json', false],
  ['text/plain', false],
  ['application/octet-stream', true],
];
for (const [type, isBase64Encoded] of bodies) {
  test(`a body of ${type} is ${isBase64Encoded ? 'in base64' : 'text'}`, async (t) => {
    const { endpoint } = await api(t);
    const response = await fetch(`${endpoint}/echo/1`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: 'a=b',
    });
    const event = Object(await response.json());
    assert.equal(event.isBase64Encoded, isBase64Encoded);
    assert.equal(event.body, isBase64Encoded ? Buffer.from('a=b').toString('base64') : 'a=b');
  });
}

test('sends what a function returns', async (t) => {
  const { endpoint } = await api(t);
  const get = (answer: unknown) =>
    fetch(`${endpoint}/answers?answer=${encodeURIComponent(JSON.stringify(answer))}`);

  const full = await get({
    statusCode: 201,
    headers: { 'Content-Type': 'text/html', 'X-Number': 3 },
    cookies: ['a=1', 'b=2'],
    body: Buffer.from('<p>').toString('base64'),
    isBase64Encoded: true,
  });
  assert.equal(full.status, 201);
  assert.equal(full.headers.get('content-type'), 'text/html');
  assert.equal(full.headers.get('x-number'), '3');
  assert.deepEqual(full.headers.getSetCookie(), ['a=1', 'b=2']);
  assert.ok(full.headers.get('apigw-requestid'));
  assert.equal(await full.text(), '<p>');

  const inferred = await get({ no: 'status' });
  assert.equal(inferred.status, 200);
  assert.equal(inferred.headers.get('content-type'), 'application/json');
  assert.deepEqual(await inferred.json(), { no: 'status' });

  assert.equal((await get({ statusCode: 'many' })).status, 500);
});

test('answers for functions that fail or are not there, and for routes that are not there', async (t) => {
  const { endpoint } = await api(t);
  for (const path of ['/throws', '/gone']) {
    const response = await fetch(endpoint + path);
    assert.equal(response.status, 500);
    assert.deepEqual(await response.json(), { message: 'Internal Server Error' });
  }
  const missing = await fetch(`${endpoint}/nowhere`);
  assert.equal(missing.status, 404);
  assert.deepEqual(await missing.json(), { message: 'Not Found' });
  assert.equal((await fetch(`${endpoint}/answers`, { method: 'HEAD' })).status, 404);
  assert.equal((await fetch(`${endpoint}/echo/%zz`)).status, 400);
});

test('takes 10 MB and no more', async (t) => {
  const { endpoint } = await api(t);
  const post = (bytes: number) =>
    fetch(`${endpoint}/echo/1`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'a'.repeat(bytes),
    });
  assert.equal((await post(10 * 1024 * 1024)).status, 200);
  const refused = await post(10 * 1024 * 1024 + 1);
  assert.equal(refused.status, 413);
  assert.deepEqual(await refused.json(), { message: 'Request Entity Too Large' });
});

test('answers 400 to what is no HTTP, 404 before it has a stage, and closes at once', async (t) => {
  const started = httpApi('abcdefghij', fixtureFunctions(t, {}).invoke);
  await started.listen(0);
  const { port } = new URL(started.endpoint);
  const socket = connect(Number(port), '127.0.0.1', () =>
    socket.write('GET / HTTP/1.1\r\nbad header\r\n\r\n'),
  );
  const [answer] = await new Promise<string[]>((resolve) =>
    socket.once('data', (data) => resolve(data.toString().split('\r\n'))),
  );
  assert.equal(answer, 'HTTP/1.1 400 Bad Request');
  assert.equal((await fetch(started.endpoint)).status, 404);
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
