import { beforeAll, describe, expect, test } from '@jest/globals';
import { afterThisFile } from '../after-this-test.ts';
import { httpEvent, startFunction, startFunctionServices } from '../lambda/functions.ts';
import { basic } from './wire.ts';

const services = await startFunctionServices();
afterThisFile(() => services.close());

const { client, secret = '' } = await services.register({ scopes: ['a'], defaultScopes: ['a'] });
const key = await services.register({ account: await services.registerAccount('MAG1') });
const tokenEvent = httpEvent('/oauth/token', basic(client.id, secret), { grant_type: 'client_credentials' });
const sessionEvent = httpEvent('/rest/v1/app/session/token', basic(key.client.id, key.secret ?? ''), {
  grant_type: 'session',
});
const jwksEvent = { ...httpEvent('/.well-known/jwks.json', ''), routeKey: 'GET /.well-known/jwks.json' };
const callWith = (token: string) => ({
  ...httpEvent('/orders', `Bearer ${token}`),
  routeKey: 'GET /orders',
});

const warm = {
  token: await startFunction('token'),
  session: await startFunction('session-token'),
  wellKnown: await startFunction('well-known'),
  authorizer: await startFunction('authorizer'),
};

function expectUnavailable({ statusCode, headers }: Awaited<ReturnType<typeof warm.token>>) {
  expect(statusCode).toBe(503);
  expect(headers?.['retry-after']).toBe('2');
}

// The tests are in the order in which the services stop.

describe('with every service available', () => {
  test.each([
    ['token', () => warm.token(tokenEvent)],
    ['session token', () => warm.session(sessionEvent)],
    ['well-known', () => warm.wellKnown(jwksEvent)],
  ])('the %s function responds with 200', async (_name, call) => {
    expect((await call()).statusCode).toBe(200);
  });
});

describe('with Secrets Manager unavailable', () => {
  let accessToken = '';
  beforeAll(async () => {
    accessToken = JSON.parse((await warm.token(tokenEvent)).body ?? '').access_token;
    await services.stopSecretsManager();
  });

  test('the warm token function issues tokens', async () => {
    expect((await warm.token(tokenEvent)).statusCode).toBe(200);
  });

  test('the warm session token function issues session tokens', async () => {
    expect((await warm.session(sessionEvent)).statusCode).toBe(200);
  });

  test('the cold token function responds with 503', async () => {
    expectUnavailable(await (await startFunction('token'))(tokenEvent));
  });

  test('the cold session token function responds with 503', async () => {
    expectUnavailable(await (await startFunction('session-token'))(sessionEvent));
  });

  test('the cold well-known function responds with the key set', async () => {
    expect((await (await startFunction('well-known'))(jwksEvent)).statusCode).toBe(200);
  });

  test('the cold authorizer accepts a JWT', async () => {
    const authorizer = await startFunction('authorizer');
    const { context } = await authorizer(callWith(accessToken));
    expect(context?.['client_id']).toBe(client.id);
  });
});

describe('with DynamoDB unavailable', () => {
  let accessToken = '';
  let sessionToken = '';
  beforeAll(async () => {
    accessToken = JSON.parse((await warm.token(tokenEvent)).body ?? '').access_token;
    sessionToken = JSON.parse((await warm.session(sessionEvent)).body ?? '').ust;
    await services.stopDatabase();
  });

  test.each([
    ['token', () => warm.token(tokenEvent)],
    ['session token', () => warm.session(sessionEvent)],
    ['well-known', () => warm.wellKnown(jwksEvent)],
  ])('the %s function responds with 503', async (_name, call) => {
    expectUnavailable(await call());
  });

  test.each([
    ['JWT', () => accessToken],
    ['session token', () => sessionToken],
  ])('the authorizer neither accepts a %s nor says that it is invalid', async (_kind, token) => {
    const { context } = await warm.authorizer(callWith(token()));
    expect(context).toStrictEqual({ error: 'temporarily_unavailable' });
  });

  test('the authorizer fails if the gateway denies, so that the gateway caches no denial', async () => {
    process.env['DENIALS'] = 'gateway';
    const authorizer = await startFunction('authorizer');
    await expect(authorizer(callWith(accessToken))).rejects.toThrow('temporarily_unavailable');
  });
});
