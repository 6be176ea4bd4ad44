import assert from 'node:assert/strict';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { order } from './order.ts';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const stages = localStages();
const { sandbox, production } = stages;
const grant_type = 'client_credentials';

async function tokenOf(stage: TestStage, scope = 'marketplace.order:read marketplace.order:create') {
  const { clientId: client_id, clientSecret: client_secret } = stage.integration;
  const { status, body } = await postForm(`${stage.url}/oauth/token`, {
    grant_type,
    client_id,
    client_secret,
    scope,
  });
  expect(status).toBe(200);
  return body['access_token'];
}

let orders = 0;
const freshId = () => `sub-${process.pid}-${(orders += 1)}`;

describe.each(Object.entries({ sandbox, production }))('token endpoint, %s', (name, stage) => {
  const endpoint = `${stage.url}/oauth/token`;
  const { clientId: client_id, clientSecret: client_secret } = stage.integration;
  const scope = 'marketplace.order:read';
  const authorization = basic(client_id, client_secret);

  test.each<[string, () => Promise<JsonResponse>]>([
    [
      'client credentials in a form body',
      () => postForm(endpoint, { grant_type, client_id, client_secret, scope }),
    ],
    [
      'client credentials in a JSON body',
      () => postJson(endpoint, { grant_type, client_id, client_secret, scope }),
    ],
    [
      'Basic credentials with a form body',
      () => postForm(endpoint, { grant_type, scope }, { authorization }),
    ],
    [
      'Basic credentials with a JSON body that has an unknown member',
      () => postJson(endpoint, { grant_type, scope, unknown: [1] }, { authorization }),
    ],
    [
      'Basic credentials with a JSON body in a declared charset, and an empty scope',
      () =>
        postJson(
          endpoint,
          { grant_type, scope: '' },
          { authorization, 'content-type': 'application/json; charset=utf-8' },
        ),
    ],
  ])('accepts %s', async (_name, send) => {
    const { status, headers, body } = await send();
    expect(status).toBe(200);
    expect(Object.keys(body)).toStrictEqual([
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'created_at',
    ]);
    expect(body['token_type']).toBe('bearer');
    expect(body['expires_in']).toBe(7_200);
    expect(body['scope']).toBe(scope);
    expect(Math.abs(Number(body['created_at']) - Date.now() / 1000)).toBeLessThan(60);
    expect(headers.get('content-type')).toBe('application/json');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('pragma')).toBe('no-cache');
  });

  test('issues a JWT that verifies with the published keys and names its client and stage', async () => {
    const keys = createRemoteJWKSet(new URL(`${stage.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(String(await tokenOf(stage)), keys, {
      issuer: stage.issuer,
      audience: stage.issuer,
      typ: 'at+jwt',
    });
    expect(protectedHeader.alg).toBe('RS256');
    expect(payload['client_id']).toBe(client_id);
    expect(payload.sub).toBe(client_id);
    expect(payload['test']).toBe(name === 'sandbox');
  });
});

describe.each(Object.entries({ sandbox, production }))('subscriptions API, %s', (_name, stage) => {
  const subscriptions = `${stage.url}/api/v1/marketplace/subscriptions`;
  const id = freshId();
  let headers: ReturnType<typeof bearer>;
  let created: JsonResponse;
  beforeAll(async () => {
    headers = bearer(await tokenOf(stage));
    created = await postJson(subscriptions, order(id), headers);
  });

  test('creates an order', () => {
    expect(created.status).toBe(201);
    expect(Object.keys(created.body)).toStrictEqual([
      'subscriptionNumber',
      'externalSubscriptionId',
      'status',
    ]);
    expect(created.body['status']).toBe('Creating');
  });

  test('responds to the same order again with the order that exists', async () => {
    const again = await postJson(subscriptions, order(id), headers);
    expect(again.status).toBe(200);
    expect(again.body).toStrictEqual(created.body);
  });

  test('refuses another order with the same external id', async () => {
    const changes = { orderLines: [{ quantity: 6, productId: 'premium' }] };
    expect((await postJson(subscriptions, order(id, changes), headers)).status).toBe(409);
  });

  test('reads an order by its external id', async () => {
    const read = await call(`${subscriptions}/${id}`, { headers });
    expect(read.status).toBe(200);
    expect(read.body).toStrictEqual(created.body);
  });

  test('responds to an unknown external id with 404', async () => {
    expect((await call(`${subscriptions}/nothing`, { headers })).status).toBe(404);
  });
});

describe('subscriptions API', () => {
  const url = `${sandbox.url}/api/v1/marketplace/subscriptions`;

  test('gives the same order one number when it is created concurrently', async () => {
    const headers = bearer(await tokenOf(sandbox));
    const body = order(freshId());
    const responses = await Promise.all(Array.from({ length: 6 }, () => postJson(url, body, headers)));
    expect(responses.map(({ status }) => status).toSorted((a, b) => a - b)).toStrictEqual([
      200, 200, 200, 200, 200, 201,
    ]);
    expect(new Set(responses.map((response) => response.body['subscriptionNumber'])).size).toBe(1);
  });

  test('names every invalid field of an order at once', async () => {
    const { status, body } = await postJson(
      url,
      {
        externalSubscriptionId: 5,
        tradingPartnerId: 'somebody-else',
        customer: { company: {}, contact: { firstName: 'A', lastName: '', email: 'nobody' } },
        orderLines: [{ quantity: 0 }],
      },
      bearer(await tokenOf(sandbox)),
    );
    expect(status).toBe(422);
    expect(body['error']).toBe('invalid_request');
    const fields = (body['details'] as { field: string; message: string }[]).map(({ field }) => field);
    expect(fields.toSorted()).toStrictEqual([
      'customer.address',
      'customer.company.name',
      'customer.contact.email',
      'customer.contact.lastName',
      'externalSubscriptionId',
      'orderLines.0.productId',
      'orderLines.0.quantity',
      'tradingPartnerId',
    ]);
  });

  test('names the four required fields when the body is empty', async () => {
    const { body } = await postJson(url, '', bearer(await tokenOf(sandbox)));
    expect((body['details'] as unknown[]).length).toBe(4);
  });

  test('refuses a request without a token, with a challenge that has no error', async () => {
    const { status, headers } = await postJson(url, order(freshId()));
    expect(status).toBe(401);
    expect(headers.get('www-authenticate') ?? '').toMatch(/^Bearer/);
    expect(headers.get('www-authenticate') ?? '').not.toMatch(/error=/);
  });

  test('refuses a token with an invalid signature', async () => {
    const token = String(await tokenOf(sandbox, 'marketplace.order:read'));
    const { status, headers } = await postJson(url, order(freshId()), bearer(`${token.slice(0, -4)}AAAA`));
    expect(status).toBe(401);
    expect(headers.get('www-authenticate') ?? '').toMatch(/error="invalid_token"/);
  });

  test('refuses a token as soon as it is revoked', async () => {
    const token = String(await tokenOf(sandbox, 'marketplace.order:read'));
    const read = () => call(`${url}/unknown`, { headers: bearer(token) });
    expect((await read()).status).toBe(404);
    const { clientId, clientSecret } = sandbox.integration;
    const authorization = basic(clientId, clientSecret);
    await postForm(`${sandbox.url}/oauth/revoke`, { token }, { authorization });
    const { status, body } = await read();
    expect([status, body['error']]).toStrictEqual([401, 'invalid_token']);
  });

  test('refuses a token without the scope, and names the scope', async () => {
    const token = await tokenOf(sandbox, 'marketplace.order:read');
    const { status, headers } = await postJson(url, order(freshId()), bearer(token));
    expect(status).toBe(403);
    expect(headers.get('www-authenticate') ?? '').toMatch(
      /error="insufficient_scope".*scope="marketplace.order:create"/,
    );
  });
});

describe.each([
  ['sandbox', 'production'],
  ['production', 'sandbox'],
] as const)('separation of stages, %s credentials in %s', (fromName, toName) => {
  const [from, to] = [stages[fromName], stages[toName]];

  test('a client is refused at the token endpoint', async () => {
    const { clientId, clientSecret } = from.integration;
    const { status, body } = await postForm(
      `${to.url}/oauth/token`,
      { grant_type },
      { authorization: basic(clientId, clientSecret) },
    );
    expect(status).toBe(401);
    expect(body['error']).toBe('invalid_client');
  });

  test.each([
    ['subscriptions API', '/api/v1/marketplace/subscriptions/x'],
    ['account API', `/rest/v1/users/${to.sessionKey.mageId}`],
  ])('an access token is refused by the %s', async (_api, path) => {
    const { status } = await call(to.url + path, { headers: bearer(await tokenOf(from)) });
    expect(status).toBe(401);
  });
});

describe('token endpoint, clients of Commerce Layer', () => {
  const endpoint = `${sandbox.url}/oauth/token`;
  const client_id = sandbox.salesChannel.clientId;

  test('grants an integration its default scope when it requests none', async () => {
    const { clientId, clientSecret } =
      sandbox.clients.find(({ defaultScopes }) => defaultScopes.includes('market:all')) ?? assert.fail();
    const { status, body } = await postJson(endpoint, {
      grant_type,
      client_id: clientId,
      client_secret: clientSecret,
    });
    expect(status).toBe(200);
    expect(body['expires_in']).toBe(7_200);
    expect(body['scope']).toBe('market:all');
  });

  test.each(['market:id:xYZkjABcde', 'market:1234', 'market:code:europe store:id:abc stock_location:id:x'])(
    'grants a sales channel the scope that it requests: %s',
    async (scope) => {
      const { status, body } = await postJson(endpoint, { grant_type, client_id, scope });
      expect(status).toBe(200);
      expect(body['expires_in']).toBe(14_400);
      expect(body['scope']).toBe(scope);
    },
  );

  test('puts the market of the scope into the token', async () => {
    const { body } = await postJson(endpoint, { grant_type, client_id, scope: 'market:1234' });
    expect(decodeJwt(String(body['access_token']))['market']).toStrictEqual({ id: ['1234'] });
  });
});
