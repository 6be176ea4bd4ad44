import { describe, expect, test } from '@jest/globals';
import { refused } from '../../local/api-gateway/authorizer.ts';
import type { Authorizer } from '../../local/api-gateway/authorizer.ts';
import type { CorsConfiguration } from '../../local/api-gateway/cors.ts';
import { httpApi } from '../../local/api-gateway/http-api.ts';
import { afterThisTest } from '../after-this-test.ts';
import { fixtureArn, fixtureFunctions } from './fixture-function.ts';

const page = 'https://shop.example.com';
const cors: CorsConfiguration = {
  allowOrigins: [page],
  allowMethods: ['GET', 'POST'],
  allowHeaders: ['authorization'],
  exposeHeaders: ['x-id'],
  maxAge: 60,
  allowCredentials: false,
};

const denying: Authorizer = { authorize: async () => refused(403, 'Forbidden') };
const own = `{ statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'https://own', 'access-control-max-age': '1', 'x-id': '7' }, body: '{}' }`;
const sources = {
  own: `export const handler = async () => (${own});`,
  throws: `export const handler = async () => { throw new Error('no'); };`,
};

/** An API whose routes are a function with CORS headers of its own, one that throws, and one that is denied. */
async function api(configuration: CorsConfiguration | undefined, ...moreRoutes: string[]) {
  const started = httpApi('abcdefghij', fixtureFunctions(sources).invoke, { cors: configuration });
  await started.listen(0);
  afterThisTest(() => started.close());
  const add = (routeKey: string, functionName = 'own', authorizer?: Authorizer) =>
    started.addRoute({
      routeKey,
      integration: { functionArn: fixtureArn(functionName) },
      authorizer,
      scopes: [],
    });
  add('GET /own');
  add('GET /throws', 'throws');
  add('GET /denied', 'own', denying);
  for (const routeKey of moreRoutes) add(routeKey);
  started.deploy();
  return async (method: string, path: string, headers: Record<string, string> = {}) => {
    const response = await fetch(started.endpoint + path, { method, headers });
    await response.text();
    const sent = [...response.headers].filter(([name]) => name.startsWith('access-control-'));
    return { status: response.status, headers: Object.fromEntries(sent) };
  };
}

const preflight = { origin: page, 'access-control-request-method': 'GET' };
const allowedPreflight = {
  'access-control-allow-origin': page,
  'access-control-allow-methods': 'GET,POST',
  'access-control-allow-headers': 'authorization',
  'access-control-max-age': '60',
};
const allowed = { 'access-control-allow-origin': page, 'access-control-expose-headers': 'x-id' };

describe('preflight', () => {
  test.each(['/own', '/denied', '/nowhere'])(
    'is answered by the gateway and needs neither a route nor a token: %s',
    async (path) => {
      const send = await api(cors);
      expect(await send('OPTIONS', path, preflight)).toStrictEqual({
        status: 204,
        headers: allowedPreflight,
      });
    },
  );

  test.each([
    ['another origin', { ...preflight, origin: 'https://evil.example.com' }],
    ['no origin', { 'access-control-request-method': 'GET' }],
    ['no Access-Control-Request-Method', { origin: page }],
  ])('with %s is allowed nothing', async (_case, headers) => {
    const send = await api(cors);
    expect(await send('OPTIONS', '/own', headers)).toStrictEqual({ status: 204, headers: {} });
  });

  test.each(['OPTIONS /{proxy+}', 'ANY /own', '$default'])(
    'goes to the integration of %s, and has the configured headers',
    async (routeKey) => {
      const send = await api(cors, routeKey);
      expect(await send('OPTIONS', '/own', preflight)).toStrictEqual({
        status: 200,
        headers: allowedPreflight,
      });
    },
  );

  test('is 404 at an API without a CORS configuration', async () => {
    const send = await api(undefined);
    expect(await send('OPTIONS', '/own', preflight)).toStrictEqual({ status: 404, headers: {} });
  });
});

describe('CORS headers', () => {
  test.each([
    ['an integration, instead of its own', 200, '/own'],
    ['a function that fails', 500, '/throws'],
    ['an authorizer that denies', 403, '/denied'],
    ['a path without a route', 404, '/nowhere'],
    ['a path that cannot be decoded', 400, '/%zz'],
  ])('are in the response of %s (%i)', async (_case, status, path) => {
    const send = await api(cors);
    expect(await send('GET', path, { origin: page })).toStrictEqual({ status, headers: allowed });
  });

  test.each([
    ['another origin', { origin: 'https://evil.example.com' }],
    ['an opaque origin', { origin: 'null' }],
    ['no origin', {}],
  ])('are absent for %s, those of the integration too', async (_case, headers) => {
    const send = await api(cors);
    expect(await send('GET', '/own', headers)).toStrictEqual({ status: 200, headers: {} });
  });

  test('are those of the integration at an API without a CORS configuration', async () => {
    const send = await api(undefined);
    expect((await send('GET', '/own', { origin: page })).headers).toStrictEqual({
      'access-control-allow-origin': 'https://own',
      'access-control-max-age': '1',
    });
  });

  test('state that credentials are allowed if they are', async () => {
    const send = await api({ ...cors, allowCredentials: true });
    const { headers } = await send('GET', '/own', { origin: page });
    expect(headers).toStrictEqual({ ...allowed, 'access-control-allow-credentials': 'true' });
  });

  test.each<[readonly string[], string, string | undefined]>([
    [['*'], page, '*'],
    [['*'], 'null', '*'],
    [['https://*'], page, page],
    [['https://*'], 'http://shop.example.com', undefined],
    [['http://*'], 'http://localhost:5173', 'http://localhost:5173'],
    [['http://*'], page, undefined],
    [['https://other.example.com', page], page, page],
    [[page], 'https://shop.example.com:8443', undefined],
    [[page], 'https://shop.example.com.evil.example', undefined],
    [[], page, undefined],
  ])('for the configured origins %j and the origin %s allow %s', async (allowOrigins, origin, expected) => {
    const send = await api({ ...cors, allowOrigins });
    const { headers } = await send('GET', '/own', { origin });
    expect(headers['access-control-allow-origin']).toBe(expected);
  });
});
