import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import { lambdaAuthorizer } from '../../local/api-gateway/lambda-authorizer.ts';
import { authorizedApi, echo } from './authorized-api.ts';
import { fixtureArn, fixtureFunctions } from './fixture-function.ts';

const counting = `let calls = 0; export const handler = async (event) => {
  calls += 1;
  const token = event.headers.authorization;
  if (token === 'throw') throw new Error('no');
  if (token === 'nonsense') return { principalId: 'x' };
  return { isAuthorized: token !== 'deny', context: { calls, event } }; };`;

async function protectedApi(t: TestContext, identitySources: readonly string[], resultTtlSeconds = 0) {
  const functions = fixtureFunctions(t, { echo, authorizer: counting });
  const authorizer = lambdaAuthorizer({
    authorizerId: 'auth01',
    apiId: 'abcdefghij',
    functionArn: fixtureArn('authorizer'),
    invoke: functions.invoke,
    identitySources,
    resultTtlSeconds,
  });
  return authorizedApi(t, { functions, authorizer });
}

const header = '$request.header.Authorization';

test('asks with an event of format 2.0 and hands the context on', async (t) => {
  const get = await protectedApi(t, [header, '$context.routeKey']);
  const { status, body } = await get('/things/7?q=1', 'token');
  assert.equal(status, 200);
  const { calls, event } = body.requestContext.authorizer.lambda;
  assert.equal(calls, 1);
  assert.equal(event.version, '2.0');
  assert.equal(event.type, 'REQUEST');
  assert.equal(event.routeArn, 'arn:aws:execute-api:eu-west-1:000000000000:abcdefghij/$default/GET/things/7');
  assert.deepEqual(event.identitySource, ['token', 'GET /things/{id}']);
  assert.equal(event.routeKey, 'GET /things/{id}');
  assert.deepEqual(event.pathParameters, { id: '7' });
  assert.deepEqual(event.queryStringParameters, { q: '1' });
  assert.equal(event.requestContext.http.method, 'GET');
  assert.ok(!('body' in event));
});

test('a denial is 403, a fault or nonsense 500', async (t) => {
  const get = await protectedApi(t, [header]);
  const { status, body } = await get('/things/1', 'deny');
  assert.deepEqual([status, body], [403, { message: 'Forbidden' }]);
  for (const token of ['throw', 'nonsense']) {
    const faulty = await get('/things/1', token);
    assert.deepEqual([faulty.status, faulty.body], [500, { message: 'Internal Server Error' }]);
  }
});

test('without its identity source a request is refused unasked; without any it is always asked', async (t) => {
  const get = await protectedApi(t, [header]);
  const refused = await get('/things/1');
  assert.deepEqual([refused.status, refused.body], [401, { message: 'Unauthorized' }]);
  const { body } = await get('/things/1', 'token');
  assert.equal(body.requestContext.authorizer.lambda.calls, 1, 'the refused request was not asked about');

  const always = await protectedApi(t, [], 300);
  for (const calls of [1, 2]) {
    const { lambda } = (await always('/things/1')).body.requestContext.authorizer;
    assert.equal(lambda.calls, calls);
    assert.equal(lambda.event.identitySource, null);
  }
});

test('remembers an answer by its identity sources', async (t) => {
  const calls = async (get: Awaited<ReturnType<typeof protectedApi>>, path: string, token: string) =>
    (await get(path, token)).body.requestContext.authorizer.lambda.calls;

  const byHeader = await protectedApi(t, [header], 300);
  assert.equal(await calls(byHeader, '/things/1', 'a'), 1);
  assert.equal(await calls(byHeader, '/others', 'a'), 1, 'one answer serves every route');
  assert.equal(await calls(byHeader, '/others', 'b'), 2);

  const byRoute = await protectedApi(t, [header, '$context.routeKey'], 300);
  assert.equal(await calls(byRoute, '/things/1', 'a'), 1);
  assert.equal(await calls(byRoute, '/things/2', 'a'), 1);
  assert.equal(await calls(byRoute, '/others', 'a'), 2);
});
