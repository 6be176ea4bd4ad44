import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRemoteJWKSet, decodeJwt, jwtVerify } from 'jose';
import { localStages } from './stages.ts';
import type { TestStage } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const { sandbox, production } = await localStages();
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
      assert.equal(status, 200);
      assert.deepEqual(Object.keys(body), [
        'access_token',
        'token_type',
        'expires_in',
        'scope',
        'created_at',
      ]);
      assert.equal(body['token_type'], 'bearer');
      assert.equal(body['expires_in'], 7_200);
      assert.equal(body['scope'], scope);
      assert.ok(Math.abs(Number(body['created_at']) - Date.now() / 1000) < 60);
      assert.equal(headers.get('content-type'), 'application/json');
      assert.equal(headers.get('cache-control'), 'no-store');
      assert.equal(headers.get('pragma'), 'no-cache');
    }
  });

  test(`${name}: the JWT verifies with the published keys, and says whose and for what it is`, async () => {
    const keys = createRemoteJWKSet(new URL(`${stage.url}/.well-known/jwks.json`));
    const { payload, protectedHeader } = await jwtVerify(String(await tokenOf(stage)), keys, {
      issuer: stage.issuer,
      audience: stage.issuer,
      typ: 'at+jwt',
    });
    assert.equal(protectedHeader.alg, 'RS256');
    assert.equal(payload['client_id'], client_id);
    assert.equal(payload.sub, client_id);
    assert.equal(payload['test'], name === 'sandbox');
  });

  test(`${name}: an order is created once, read by its external id, and refused when it differs`, async () => {
    const headers = bearer(await tokenOf(stage));
    const subscriptions = `${stage.url}/api/v1/marketplace/subscriptions`;
    const id = freshId();
    const created = await postJson(subscriptions, order(id), headers);
    assert.equal(created.status, 201, created.text);
    assert.deepEqual(Object.keys(created.body), ['subscriptionNumber', 'externalSubscriptionId', 'status']);
    assert.equal(created.body['status'], 'Creating');
    const again = await postJson(subscriptions, order(id), headers);
    assert.equal(again.status, 200);
    assert.deepEqual(again.body, created.body);
    const other = await postJson(
      subscriptions,
      order(id, { orderLines: [{ quantity: 6, productId: 'premium' }] }),
      headers,
    );
    assert.equal(other.status, 409);
    const read = await call(`${subscriptions}/${id}`, { headers });
    assert.equal(read.status, 200);
    assert.deepEqual(read.body, created.body);
    assert.equal((await call(`${subscriptions}/nothing`, { headers })).status, 404);
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
  assert.deepEqual(
    answers.map(({ status }) => status).toSorted((a, b) => a - b),
    [200, 200, 200, 200, 200, 201],
  );
  assert.equal(new Set(answers.map((answer) => answer.body['subscriptionNumber'])).size, 1);
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
  assert.equal(status, 422);
  assert.equal(body['error'], 'invalid_request');
  const fields = (body['details'] as { field: string; message: string }[]).map(({ field }) => field);
  assert.deepEqual(fields.toSorted(), [
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
  assert.equal((empty.body['details'] as unknown[]).length, 4);
});

test('the gateway lets nobody through without a token, with a bad one, or without the scope', async () => {
  const url = `${sandbox.url}/api/v1/marketplace/subscriptions`;
  const none = await postJson(url, order(freshId()));
  assert.equal(none.status, 401);
  assert.match(none.headers.get('www-authenticate') ?? '', /^Bearer/);
  assert.doesNotMatch(none.headers.get('www-authenticate') ?? '', /error=/);
  const token = String(await tokenOf(sandbox, 'marketplace.order:read'));
  const bad = await postJson(url, order(freshId()), bearer(`${token.slice(0, -4)}AAAA`));
  assert.equal(bad.status, 401);
  assert.match(bad.headers.get('www-authenticate') ?? '', /error="invalid_token"/);
  const weak = await postJson(url, order(freshId()), bearer(token));
  assert.equal(weak.status, 403);
  assert.match(
    weak.headers.get('www-authenticate') ?? '',
    /scope="marketplace.order:create".*error="insufficient_scope"/,
  );
});

test('a credential or token of one stage is refused in the other, in both directions', async () => {
  for (const [from, to] of [
    [sandbox, production],
    [production, sandbox],
  ] as const) {
    const { clientId, clientSecret } = from.integration;
    const refused = await postForm(
      `${to.url}/oauth/token`,
      { grant_type },
      { authorization: basic(clientId, clientSecret) },
    );
    assert.equal(refused.status, 401);
    assert.equal(refused.body['error'], 'invalid_client');
    const token = await tokenOf(from);
    const subscriptions = await call(`${to.url}/api/v1/marketplace/subscriptions/x`, {
      headers: bearer(token),
    });
    assert.equal(subscriptions.status, 401);
    const profile = await call(`${to.url}/rest/v1/users/${to.sessionKey.mageId}`, { headers: bearer(token) });
    assert.equal(profile.status, 401);
  }
});

test('Commerce Layer: an integration without a scope gets its default, a channel the market it names', async () => {
  const { clientId, clientSecret } =
    sandbox.clients.find(({ defaultScopes }) => defaultScopes.includes('market:all')) ?? assert.fail();
  const integration = await postJson(`${sandbox.url}/oauth/token`, {
    grant_type,
    client_id: clientId,
    client_secret: clientSecret,
  });
  assert.equal(integration.status, 200);
  assert.equal(integration.body['expires_in'], 7_200);
  assert.equal(integration.body['scope'], 'market:all');

  for (const scope of [
    'market:id:xYZkjABcde',
    'market:1234',
    'market:code:europe store:id:abc stock_location:id:x',
  ]) {
    const channel = await postJson(`${sandbox.url}/oauth/token`, {
      grant_type,
      client_id: sandbox.salesChannel.clientId,
      scope,
    });
    assert.equal(channel.status, 200);
    assert.equal(channel.body['expires_in'], 14_400);
    assert.equal(channel.body['scope'], scope);
  }
  const { body } = await postJson(`${sandbox.url}/oauth/token`, {
    grant_type,
    client_id: sandbox.salesChannel.clientId,
    scope: 'market:1234',
  });
  assert.deepEqual(decodeJwt(String(body['access_token']))['market'], { id: ['1234'] });
});
