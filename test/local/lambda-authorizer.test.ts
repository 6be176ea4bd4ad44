import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { lambdaAuthorizer } from '../../local/api-gateway/lambda-authorizer.ts';
import { authorizedApi, echo } from './authorized-api.ts';
import { fixtureArn, fixtureFunctions } from './fixture-function.ts';

const counting = `let calls = 0; export const handler = async (event) => {
  calls += 1;
  const token = event.headers.authorization;
  if (token === 'throw') throw new Error('no');
  if (token === 'nonsense') return { principalId: 'x' };
  return { isAuthorized: token !== 'deny', context: { calls, event } }; };`;

async function protectedApi(identitySources: readonly string[], resultTtlSeconds = 0) {
  const functions = fixtureFunctions({ echo, authorizer: counting });
  const authorizer = lambdaAuthorizer({
    authorizerId: 'auth01',
    apiId: 'abcdefghij',
    functionArn: fixtureArn('authorizer'),
    invoke: functions.invoke,
    identitySources,
    resultTtlSeconds,
  });
  return authorizedApi({ functions, authorizer });
}

const header = '$request.header.Authorization';

test('asks with an event of format 2.0 and hands the context on', async () => {
  const get = await protectedApi([header, '$context.routeKey']);
  const { status, body } = await get('/things/7?q=1', 'token');
  expect(status).toBe(200);
  const { calls, event } = body.requestContext.authorizer.lambda;
  expect(calls).toBe(1);
  expect(event.version).toBe('2.0');
  expect(event.type).toBe('REQUEST');
  expect(event.routeArn).toBe('arn:aws:execute-api:eu-west-1:000000000000:abcdefghij/$default/GET/things/7');
  expect(event.identitySource).toStrictEqual(['token', 'GET /things/{id}']);
  expect(event.routeKey).toBe('GET /things/{id}');
  expect(event.pathParameters).toStrictEqual({ id: '7' });
  expect(event.queryStringParameters).toStrictEqual({ q: '1' });
  expect(event.requestContext.http.method).toBe('GET');
  assert.ok(!('body' in event));
});

test('a denial is 403, a fault or nonsense 500', async () => {
  const get = await protectedApi([header]);
  const { status, body } = await get('/things/1', 'deny');
  expect([status, body]).toStrictEqual([403, { message: 'Forbidden' }]);
  for (const token of ['throw', 'nonsense']) {
    const faulty = await get('/things/1', token);
    expect([faulty.status, faulty.body]).toStrictEqual([500, { message: 'Internal Server Error' }]);
  }
});

test('without its identity source a request is refused unasked; without any it is always asked', async () => {
  const get = await protectedApi([header]);
  const refused = await get('/things/1');
  expect([refused.status, refused.body]).toStrictEqual([401, { message: 'Unauthorized' }]);
  const { body } = await get('/things/1', 'token');
  assert.equal(body.requestContext.authorizer.lambda.calls, 1, 'the refused request was not asked about');

  const always = await protectedApi([], 300);
  for (const calls of [1, 2]) {
    const { lambda } = (await always('/things/1')).body.requestContext.authorizer;
    expect(lambda.calls).toBe(calls);
    expect(lambda.event.identitySource).toBe(null);
  }
});

test('remembers an answer by its identity sources', async () => {
  const calls = async (get: Awaited<ReturnType<typeof protectedApi>>, path: string, token: string) =>
    (await get(path, token)).body.requestContext.authorizer.lambda.calls;

  const byHeader = await protectedApi([header], 300);
  expect(await calls(byHeader, '/things/1', 'a')).toBe(1);
  assert.equal(await calls(byHeader, '/others', 'a'), 1, 'one answer serves every route');
  expect(await calls(byHeader, '/others', 'b')).toBe(2);

  const byRoute = await protectedApi([header, '$context.routeKey'], 300);
  expect(await calls(byRoute, '/things/1', 'a')).toBe(1);
  expect(await calls(byRoute, '/things/2', 'a')).toBe(1);
  expect(await calls(byRoute, '/others', 'a')).toBe(2);
});
