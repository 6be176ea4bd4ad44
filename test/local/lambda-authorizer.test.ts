import { beforeAll, describe, expect, test } from '@jest/globals';
import { lambdaAuthorizer } from '../../local/api-gateway/lambda-authorizer.ts';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
import type { RegisterCleanup } from '../after-this-test.ts';
import { authorizedApi, echo } from './authorized-api.ts';
import { fixtureArn, fixtureFunctions } from './fixture-function.ts';

const counting = `let calls = 0; export const handler = async (event) => {
  calls += 1;
  const token = event.headers.authorization;
  if (token === 'throw') throw new Error('no');
  if (token === 'nonsense') return { principalId: 'x' };
  return { isAuthorized: token !== 'deny', context: { calls, event } }; };`;

async function protectedApi(
  identitySources: readonly string[],
  resultTtlSeconds = 0,
  cleanUp: RegisterCleanup = afterThisTest,
) {
  const functions = fixtureFunctions({ echo, authorizer: counting }, cleanUp);
  const authorizer = lambdaAuthorizer({
    authorizerId: 'auth01',
    apiId: 'abcdefghij',
    functionArn: fixtureArn('authorizer'),
    invoke: functions.invoke,
    identitySources,
    resultTtlSeconds,
  });
  return authorizedApi({ functions, authorizer, cleanUp });
}

type Get = Awaited<ReturnType<typeof protectedApi>>;

const header = '$request.header.Authorization';

/** The context of a request, which says how often the authorizer was invoked. */
const contextOf = async (get: Get, path: string, token?: string) =>
  (await get(path, token)).body.requestContext.authorizer.lambda;

describe('local Lambda authorizer', () => {
  test('is invoked with an event of format 2.0, and its context is passed on', async () => {
    const get = await protectedApi([header, '$context.routeKey']);
    const { status, body } = await get('/things/7?q=1', 'token');
    expect(status).toBe(200);
    const { calls, event } = body.requestContext.authorizer.lambda;
    expect(calls).toBe(1);
    expect(event).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:eu-west-1:000000000000:abcdefghij/$default/GET/things/7',
      routeKey: 'GET /things/{id}',
    });
    expect(event.identitySource).toStrictEqual(['token', 'GET /things/{id}']);
    expect(event.pathParameters).toStrictEqual({ id: '7' });
    expect(event.queryStringParameters).toStrictEqual({ q: '1' });
    expect(event.requestContext.http.method).toBe('GET');
    expect(event).not.toHaveProperty('body');
  });
});

describe('local Lambda authorizer with an identity source', () => {
  let get: Get;
  beforeAll(async () => {
    get = await protectedApi([header], 0, afterThisFile);
  });

  test('responds with 401 to a request without it, and does not invoke the function', async () => {
    const refused = await get('/things/1');
    expect([refused.status, refused.body]).toStrictEqual([401, { message: 'Unauthorized' }]);
    expect((await contextOf(get, '/things/1', 'token')).calls).toBe(1);
  });

  test('responds with 403 if the function denies', async () => {
    const { status, body } = await get('/things/1', 'deny');
    expect([status, body]).toStrictEqual([403, { message: 'Forbidden' }]);
  });

  test.each([
    ['throws', 'throw'],
    ['returns no result of an authorizer', 'nonsense'],
  ])('responds with 500 if the function %s', async (_, token) => {
    const { status, body } = await get('/things/1', token);
    expect([status, body]).toStrictEqual([500, { message: 'Internal Server Error' }]);
  });
});

describe('local Lambda authorizer', () => {
  test('without an identity source is invoked for each request', async () => {
    const get = await protectedApi([], 300);
    for (const calls of [1, 2]) {
      const context = await contextOf(get, '/things/1');
      expect(context.calls).toBe(calls);
      expect(context.event.identitySource).toBe(null);
    }
  });
});

describe('local Lambda authorizer with a cache, by a header', () => {
  let get: Get;
  beforeAll(async () => {
    get = await protectedApi([header], 300, afterThisFile);
    expect((await contextOf(get, '/things/1', 'a')).calls).toBe(1);
  });

  test('uses one result for every route', async () => {
    expect((await contextOf(get, '/others', 'a')).calls).toBe(1);
  });

  test('is invoked again for another value of the header', async () => {
    expect((await contextOf(get, '/others', 'b')).calls).toBe(2);
  });
});

describe('local Lambda authorizer with a cache, by a header and the route', () => {
  let get: Get;
  beforeAll(async () => {
    get = await protectedApi([header, '$context.routeKey'], 300, afterThisFile);
    expect((await contextOf(get, '/things/1', 'a')).calls).toBe(1);
  });

  test('uses one result for every path of a route', async () => {
    expect((await contextOf(get, '/things/2', 'a')).calls).toBe(1);
  });

  test('is invoked again for another route', async () => {
    expect((await contextOf(get, '/others', 'a')).calls).toBe(2);
  });
});
