import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { httpApi } from '../../local/api-gateway/http-api.ts';
import type { HttpApi } from '../../local/api-gateway/http-api.ts';
import type { Route } from '../../local/api-gateway/route.ts';
import { matchRoute } from '../../local/api-gateway/route.ts';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
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

describe('route selection of the local API Gateway', () => {
  test.each(matches)('%s %s selects %s', (method, path, routeKey, pathParameters) => {
    const match = matchRoute(routeKeys.map((key) => route(key)).toReversed(), method, path);
    expect(match?.route.routeKey).toBe(routeKey);
    expect(match?.pathParameters).toStrictEqual(pathParameters);
  });

  test.each([
    ['HEAD /a', 'GET /a', 'HEAD', '/a'],
    ['a path that is longer than the route', 'GET /a', 'GET', '/a/b'],
    ['a path that is shorter than the route', 'GET /a/{b}', 'GET', '/a'],
  ])('%s does not select %s', (_, routeKey, method, path) => {
    expect(matchRoute([route(routeKey)], method, path)).toBeUndefined();
  });
});

const functions = {
  echo: `export const handler = async (event) => event;`,
  returns: `export const handler = async ({ queryStringParameters: { result } }) => JSON.parse(result);`,
  throws: `export const handler = async () => { throw new Error('no'); };`,
};

const api = httpApi('abcdefghij', fixtureFunctions(functions, afterThisFile).invoke);
await api.listen(0);
afterThisFile(() => api.close());
for (const key of ['POST /echo/{id}', 'GET /echo/{id}']) api.addRoute(route(key));
api.addRoute(route('GET /returns', 'returns'));
for (const key of ['GET /read', 'HEAD /read']) api.addRoute(route(key, 'returns'));
api.addRoute(route('GET /throws', 'throws'));
api.addRoute(route('GET /gone', 'gone'));
api.deploy();
const { endpoint } = api;

test('the response to HEAD of the local API Gateway has the headers of GET, and no content', async () => {
  const result = { statusCode: 200, headers: { 'content-type': 'application/json' }, body: '{"a":"ü"}' };
  const url = `${endpoint}/read?result=${encodeURIComponent(JSON.stringify(result))}`;
  const [get, head] = [await fetch(url), await fetch(url, { method: 'HEAD' })];
  const headersOf = ({ headers }: Response) =>
    Object.fromEntries(
      [...headers].filter(([name]) => !/^(?:date|apigw-requestid|connection|keep-alive)$/.test(name)),
    );
  expect(headersOf(head)).toStrictEqual(headersOf(get));
  expect(head.headers.get('content-length')).toBe('10');
  expect([await get.text(), await head.text()]).toStrictEqual(['{"a":"ü"}', '']);
});

const sentHeaders = ['X-Many', 'a', 'Authorization', 'Basic x', 'x-many', 'b', 'Authorization', 'Bearer y'];
sentHeaders.push('Cookie', 'c=1; d=2', 'content-type', 'application/json');
const event = JSON.parse(
  await raw(`${endpoint}/echo/a%2Fb%20c?q=1&q=2&r=%20`, 'POST', sentHeaders, '{"é":1}'),
);

describe('event of the local API Gateway, payload format 2.0', () => {
  test('has the version and the key of the route', () => {
    expect(event.version).toBe('2.0');
    expect(event.routeKey).toBe('POST /echo/{id}');
  });

  test('has the decoded path and its parameters', () => {
    expect(event.rawPath).toBe('/echo/a/b c');
    expect(event.pathParameters).toStrictEqual({ id: 'a/b c' });
  });

  test('joins query parameters of the same name with commas', () => {
    expect(event.rawQueryString).toBe('q=1&q=2&r=%20');
    expect(event.queryStringParameters).toStrictEqual({ q: '1,2', r: ' ' });
  });

  test('joins headers of the same name with commas', () => {
    expect(event.headers['x-many']).toBe('a,b');
    expect(event.headers.authorization).toBe('Basic x,Bearer y');
  });

  test('has cookies apart from the headers', () => {
    expect(event.cookies).toStrictEqual(['c=1', 'd=2']);
    expect(event.headers.cookie).toBeUndefined();
  });

  test('has the body as text', () => {
    expect(event.body).toBe('{"é":1}');
    expect(event.isBase64Encoded).toBe(false);
  });

  test('has the request context', () => {
    const { time, timeEpoch, requestId, ...context } = event.requestContext;
    expect(context).toStrictEqual({
      accountId: '000000000000',
      apiId: 'abcdefghij',
      domainName: '127.0.0.1',
      domainPrefix: '127',
      http: {
        method: 'POST',
        path: '/echo/a/b c',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: '',
      },
      routeKey: 'POST /echo/{id}',
      stage: '$default',
    });
    expect(time).toMatch(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/);
    expect(Math.abs(Date.now() - timeEpoch)).toBeLessThan(5_000);
    expect(typeof requestId).toBe('string');
  });

  test.each([
    ['application/x-www-form-urlencoded', 'in base64', true],
    ['application/json; charset=utf-8', 'as text', false],
    ['application/problem+json', 'as text', false],
    ['text/plain', 'as text', false],
    ['application/octet-stream', 'in base64', true],
  ])('has a body of %s %s', async (type, _, isBase64Encoded) => {
    const response = await fetch(`${endpoint}/echo/1`, {
      method: 'POST',
      headers: { 'content-type': type },
      body: 'a=b',
    });
    const echoed = Object(await response.json());
    expect(echoed.isBase64Encoded).toBe(isBase64Encoded);
    expect(echoed.body).toBe(isBase64Encoded ? Buffer.from('a=b').toString('base64') : 'a=b');
  });
});

describe('response of the local API Gateway', () => {
  const resultOf = (result: unknown) =>
    fetch(`${endpoint}/returns?result=${encodeURIComponent(JSON.stringify(result))}`);

  test('has the status, headers, cookies and body that the function returns', async () => {
    const response = await resultOf({
      statusCode: 201,
      headers: { 'Content-Type': 'text/html', 'X-Number': 3 },
      cookies: ['a=1', 'b=2'],
      body: Buffer.from('<p>').toString('base64'),
      isBase64Encoded: true,
    });
    expect(response.status).toBe(201);
    expect(response.headers.get('content-type')).toBe('text/html');
    expect(response.headers.get('x-number')).toBe('3');
    expect(response.headers.getSetCookie()).toStrictEqual(['a=1', 'b=2']);
    expect(response.headers.get('apigw-requestid')).toBeTruthy();
    expect(await response.text()).toBe('<p>');
  });

  test('is 200 with JSON if the function returns no status', async () => {
    const response = await resultOf({ no: 'status' });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toStrictEqual({ no: 'status' });
  });

  test('is 500 if the function returns a status that is no number', async () => {
    expect((await resultOf({ statusCode: 'many' })).status).toBe(500);
  });

  test.each([
    ['a function that throws', '/throws'],
    ['a function that does not exist', '/gone'],
  ])('is 500 for %s', async (_, path) => {
    const response = await fetch(endpoint + path);
    expect(response.status).toBe(500);
    expect(await response.json()).toStrictEqual({ message: 'Internal Server Error' });
  });

  test('is 404 for a path without a route', async () => {
    const response = await fetch(`${endpoint}/nowhere`);
    expect(response.status).toBe(404);
    expect(await response.json()).toStrictEqual({ message: 'Not Found' });
  });

  test('is 404 for HEAD of a route for GET', async () => {
    expect((await fetch(`${endpoint}/returns`, { method: 'HEAD' })).status).toBe(404);
  });

  test('is 400 for a path that cannot be decoded', async () => {
    expect((await fetch(`${endpoint}/echo/%zz`)).status).toBe(400);
  });

  const post = (bytes: number) =>
    fetch(`${endpoint}/echo/1`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: 'a'.repeat(bytes),
    });

  test('is 200 for a body of 10 MB', async () => {
    const response = await post(10 * 1024 * 1024);
    expect(response.status).toBe(200);
    // A response that is not read keeps its connection, and with it the process, alive.
    await response.arrayBuffer();
  });

  test('is 413 for a body of more than 10 MB', async () => {
    const refused = await post(10 * 1024 * 1024 + 1);
    expect(refused.status).toBe(413);
    expect(await refused.json()).toStrictEqual({ message: 'Request Entity Too Large' });
  });
});

describe('local API Gateway, with the request line and the values of headers together', () => {
  /** The response to a request with so many bytes of them; the names of headers do not count. */
  async function responseTo(bytes: number) {
    const { host } = new URL(endpoint);
    const line = 'GET /returns?result=1 HTTP/1.1';
    const padding = 'x'.repeat(bytes - line.length - host.length);
    return rawGet(`GET /returns?result=1 HTTP/1.1\r\nHost: ${host}\r\nX-Padding: ${padding}\r\n\r\n`);
  }

  test('of 10,240 bytes responds', async () => {
    expect(await responseTo(10_240)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test.each([10_241, 17_000, 100_000])('of %i bytes responds with 431', async (bytes) => {
    const response = await responseTo(bytes);
    expect(response).toMatch(/^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
    expect(response).toMatch(/\r\ncontent-type: application\/json\r\n/i);
    expect(response).toMatch(/\r\n\r\n\{"message":"Request Header Fields Too Large"\}$/);
  });

  /** What the gateway sends in response to these bytes, as one string. */
  function rawGet(request: string): Promise<string> {
    const socket = connect(Number(new URL(endpoint).port), '127.0.0.1', () => socket.write(request));
    return new Promise((resolve, reject) => {
      let received = '';
      socket.on('error', reject);
      socket.on('data', (data) => {
        received += data.toString();
        if (!/\r\n\r\n./s.test(received)) return;
        socket.destroy();
        resolve(received);
      });
    });
  }
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
    const { endpoint: url } = await mapped('https://auth.example.test/base');
    const received = Object(await (await fetch(url + path)).json());
    expect([received.routeKey, received.rawPath, received.requestContext.http.path]).toStrictEqual([
      routeKey,
      path,
      path,
    ]);
  });

  test.each(['/echo/echo/1', '/echo/1'])(
    'routes %s if the base path is the first segment of the route',
    async (path) => {
      const { endpoint: url } = await mapped('https://auth.example.test/echo');
      const received = Object(await (await fetch(url + path)).json());
      expect([received.routeKey, received.rawPath]).toStrictEqual(['GET /echo/{id}', path]);
    },
  );

  test.each(['/basement/echo/1', '/base/base/echo/1', '/other/echo/1'])(
    'has no route for %s',
    async (path) => {
      const { endpoint: url } = await mapped('https://auth.example.test/base');
      expect((await fetch(url + path)).status).toBe(404);
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
    const { endpoint: url, locate } = await mapped('https://auth.example.test');
    expect((await fetch(`${url}/echo/1`)).status).toBe(200);
    expect(locate('https://auth.example.test/x')).toBe(`${url}/x`);
  });
});

describe('local API Gateway without a deployed stage', () => {
  async function undeployed() {
    const started = httpApi('abcdefghij', fixtureFunctions({}).invoke);
    await started.listen(0);
    let closed: Promise<void> | undefined;
    const close = () => (closed ??= started.close());
    afterThisTest(close);
    const { port } = new URL(started.endpoint);
    return { url: started.endpoint, port: Number(port), close };
  }

  /** The status line of the response to a request that is not HTTP; the connection remains open. */
  function statusLineOfMalformed(port: number): Promise<string | undefined> {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nbad header\r\n\r\n'));
    return new Promise((resolve) => {
      socket.once('data', (data) => resolve(data.toString().split('\r\n')[0]));
    });
  }

  test('responds with 400 to a malformed request', async () => {
    const { port } = await undeployed();
    expect(await statusLineOfMalformed(port)).toBe('HTTP/1.1 400 Bad Request');
  });

  test('responds with 404', async () => {
    const { url } = await undeployed();
    expect((await fetch(url)).status).toBe(404);
  });

  test('closes at once, although connections are idle', async () => {
    const { url, port, close } = await undeployed();
    await statusLineOfMalformed(port);
    await fetch(url);
    const begun = performance.now();
    await close();
    expect(performance.now() - begun).toBeLessThan(500);
  });
});

/** Sends headers exactly as they are given, even the same one twice. */
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
