import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const { sandbox, production } = localStages();
const grant_type = 'client_credentials';

async function tokenOf(stage: TestStage, scope = 'marketplace.order:read marketplace.order:create') {
  const { clientId: client_id, clientSecret: client_secret } = stage.integration;
  const { status, body } = await postForm(`${stage.url}/oauth/token`, {
    grant_type,
    client_id,
    client_secret,
    scope,
  });
  assert.equal(status, 200, JSON.stringify(body));
  return body['access_token'];
}

const order = (externalSubscriptionId: string, more: object = {}) => ({
  externalSubscriptionId,
  tradingPartnerId: 'partner-1',
  customer: {
    company: { name: 'Example GmbH' },
    contact: { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
    address: { country: 'DE' },
  },
  orderLines: [{ quantity: 5, productId: 'premium' }],
  ...more,
});
let orders = 0;
const freshId = () => `sub-${process.pid}-${(orders += 1)}`;

for (const stage of [sandbox, production]) {
  const name = stage === sandbox ? 'sandbox' : 'production';
  const endpoint = `${stage.url}/oauth/token`;
  const { clientId: client_id, clientSecret: client_secret } = stage.integration;

  test(`${name}: form or JSON, Basic or body secret, all give a token`, async () => {
    const scope = 'marketplace.order:read';
    const authorization = basic(client_id, client_secret);
    const answers = [
      await postForm(endpoint, { grant_type, client_id, client_secret, scope }),
      await postJson(endpoint, { grant_type, client_id, client_secret, scope }),
      await postForm(endpoint, { grant_type, scope }, { authorization }),
      await postJson(endpoint, { grant_type, scope, unknown: [1] }, { authorization }),
      await postJson(
        endpoint,
        { grant_type, scope: '' },
        { authorization, 'content-type': 'application/json; charset=utf-8' },
      ),
    ];
    for (const { status, headers, body } of answers) {
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
    }
  });

  test(`${name}: the JWT verifies with the published keys, and says whose and for what it is`, async () => {
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

  test(`${name}: an order is created once, read by its external id, and refused when it differs`, async () => {
    const headers = bearer(await tokenOf(stage));
    const subscriptions = `${stage.url}/api/v1/marketplace/subscriptions`;
    const id = freshId();
    const created = await postJson(subscriptions, order(id), headers);
    assert.equal(created.status, 201, created.text);
    expect(Object.keys(created.body)).toStrictEqual([
      'subscriptionNumber',
      'externalSubscriptionId',
      'status',
    ]);
    expect(created.body['status']).toBe('Creating');
    const again = await postJson(subscriptions, order(id), headers);
    expect(again.status).toBe(200);
    expect(again.body).toStrictEqual(created.body);
    const other = await postJson(
      subscriptions,
      order(id, { orderLines: [{ quantity: 6, productId: 'premium' }] }),
      headers,
    );
    expect(other.status).toBe(409);
    const read = await call(`${subscriptions}/${id}`, { headers });
    expect(read.status).toBe(200);
    expect(read.body).toStrictEqual(created.body);
    expect((await call(`${subscriptions}/nothing`, { headers })).status).toBe(404);
  });
}

test('many that create the same order at the same time get one number', async () => {
  const headers = bearer(await tokenOf(sandbox));
  const body = order(freshId());
  const answers = await Promise.all(
    Array.from({ length: 6 }, () =>
      postJson(`${sandbox.url}/api/v1/marketplace/subscriptions`, body, headers),
    ),
  );
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toStrictEqual([
    200, 200, 200, 200, 200, 201,
  ]);
  expect(new Set(answers.map((answer) => answer.body['subscriptionNumber'])).size).toBe(1);
});

test('a bad order is told every bad field at once', async () => {
  const headers = bearer(await tokenOf(sandbox));
  const { status, body } = await postJson(
    `${sandbox.url}/api/v1/marketplace/subscriptions`,
    {
      externalSubscriptionId: 5,
      tradingPartnerId: 'somebody-else',
      customer: { company: {}, contact: { firstName: 'A', lastName: '', email: 'nobody' } },
      orderLines: [{ quantity: 0 }],
    },
    headers,
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
  const empty = await postJson(`${sandbox.url}/api/v1/marketplace/subscriptions`, '', headers);
  expect((empty.body['details'] as unknown[]).length).toBe(4);
});

test('the gateway lets nobody through without a token, with a bad one, or without the scope', async () => {
  const url = `${sandbox.url}/api/v1/marketplace/subscriptions`;
  const none = await postJson(url, order(freshId()));
  expect(none.status).toBe(401);
  expect(none.headers.get('www-authenticate') ?? '').toMatch(/^Bearer/);
  expect(none.headers.get('www-authenticate') ?? '').not.toMatch(/error=/);
  const token = String(await tokenOf(sandbox, 'marketplace.order:read'));
  const bad = await postJson(url, order(freshId()), bearer(`${token.slice(0, -4)}AAAA`));
  expect(bad.status).toBe(401);
  expect(bad.headers.get('www-authenticate') ?? '').toMatch(/error="invalid_token"/);
  const weak = await postJson(url, order(freshId()), bearer(token));
  expect(weak.status).toBe(403);
  expect(weak.headers.get('www-authenticate') ?? '').toMatch(
    /scope="marketplace.order:create".*error="insufficient_scope"/,
  );
});

test.each([
  [sandbox, production],
  [production, sandbox],
] as const)(
  'a credential or token of one stage is refused in the other, in both directions: %s',
  async (from, to) => {
    const { clientId, clientSecret } = from.integration;
    const refused = await postForm(
      `${to.url}/oauth/token`,
      { grant_type },
      { authorization: basic(clientId, clientSecret) },
    );
    expect(refused.status).toBe(401);
    expect(refused.body['error']).toBe('invalid_client');
    const token = await tokenOf(from);
    const subscriptions = await call(`${to.url}/api/v1/marketplace/subscriptions/x`, {
      headers: bearer(token),
    });
    expect(subscriptions.status).toBe(401);
    const profile = await call(`${to.url}/rest/v1/users/${to.sessionKey.mageId}`, { headers: bearer(token) });
    expect(profile.status).toBe(401);
  },
);

test.each(['market:id:xYZkjABcde', 'market:1234', 'market:code:europe store:id:abc stock_location:id:x'])(
  'Commerce Layer: an integration without a scope gets its default, a channel the market it names: %s',
  async (scope) => {
    const { clientId, clientSecret } =
      sandbox.clients.find(({ defaultScopes }) => defaultScopes.includes('market:all')) ?? assert.fail();
    const integration = await postJson(`${sandbox.url}/oauth/token`, {
      grant_type,
      client_id: clientId,
      client_secret: clientSecret,
    });
    expect(integration.status).toBe(200);
    expect(integration.body['expires_in']).toBe(7_200);
    expect(integration.body['scope']).toBe('market:all');

    const channel = await postJson(`${sandbox.url}/oauth/token`, {
      grant_type,
      client_id: sandbox.salesChannel.clientId,
      scope,
    });
    expect(channel.status).toBe(200);
    expect(channel.body['expires_in']).toBe(14_400);
    expect(channel.body['scope']).toBe(scope);

    const { body } = await postJson(`${sandbox.url}/oauth/token`, {
      grant_type,
      client_id: sandbox.salesChannel.clientId,
      scope: 'market:1234',
    });
    expect(decodeJwt(String(body['access_token']))['market']).toStrictEqual({ id: ['1234'] });
  },
);
