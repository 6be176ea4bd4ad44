import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { openSession } from '../../src/sessions/session-request.ts';
import type { SessionRequest } from '../../src/sessions/session-request.ts';
import { hashSessionToken, verifySessionTokenTag } from '../../src/sessions/session-token.ts';
import { basic, memoryStage } from '../oauth/stage.ts';

const stage = await memoryStage();
const mageId = await stage.account();
const key = await stage.register({ account: mageId });
const authorization = basic(key.client.id, key.secret ?? '');
const session = (request: Partial<SessionRequest>, header: string | undefined = authorization) =>
  openSession(
    { authorization: header, grant_type: 'session', expires_in: undefined, ...request },
    stage.sessionTokens,
  );

async function opened(request: Partial<SessionRequest> = {}) {
  const result = await session(request);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value.response;
}

test('makes keys in the form that programs of EQP expect', () => {
  expect(key.client.id).toMatch(/^AQ[A-Z\d]{8}$/);
  expect(key.secret ?? '').toMatch(/^[\da-f]{40}$/);
});

test('answers with exactly mage_id, ust and expires_in', async () => {
  const response = await opened({ expires_in: 600 });
  expect(Object.keys(response)).toStrictEqual(['mage_id', 'ust', 'expires_in']);
  expect(response.mage_id).toBe(mageId);
  expect(response.expires_in).toBe(600);
  expect(response.ust).toMatch(/^[\w-]{32}\.[\w-]{12}$/);
});

test('stores a session under the hash of its token, and nothing that opens it', async () => {
  const { ust } = await opened({ expires_in: 600 });
  expect(await stage.sessions.find(hashSessionToken(ust))).toStrictEqual({
    clientId: key.client.id,
    account: mageId,
    scope: '',
    issuedAt: stage.time.now,
    expiresAt: stage.time.now + 600,
  });
});

test('grants what is asked up to the maximum, and the default when nothing is', async () => {
  expect((await opened({ expires_in: 1 })).expires_in).toBe(1);
  expect((await opened({ expires_in: '' })).expires_in).toBe(7_200);
  expect((await opened({ expires_in: 1e300 })).expires_in).toBe(7_200);
  expect((await opened({ expires_in: 7_201 })).expires_in).toBe(7_200);
  expect((await opened()).expires_in).toBe(7_200);
});

test('refuses a lifetime that is no whole number of seconds above 0', async () => {
  for (const expires_in of [0, -1, 1.5, '60', 'soon', '1e3', null, true, [60], {}, NaN, Infinity]) {
    const result = await session({ expires_in });
    assert.ok(!result.ok, JSON.stringify(expires_in));
    expect(result.error.code).toBe('invalid_request');
  }
});

test('refuses what is not a session request of a session key', async () => {
  const integration = await stage.register();
  const cases: [string, Partial<SessionRequest>, string?][] = [
    ['invalid_client', {}, ''],
    ['invalid_client', {}, `Bearer ${key.secret}`],
    ['invalid_client', {}, basic(key.client.id, 'wrong')],
    ['invalid_request', { client_id: key.client.id, client_secret: key.secret ?? '' }],
    ['invalid_client', {}, basic('AQ00000000', key.secret ?? '')],
    ['invalid_client', {}, basic(key.client.id, '')],
    ['unsupported_grant_type', { grant_type: 'client_credentials' }],
    ['invalid_client', {}, basic(integration.client.id, integration.secret ?? '')],
  ];
  for (const [code, request, header] of cases) {
    const result = await session(request, header);
    assert.ok(!result.ok, code);
    expect(result.error.code).toBe(code);
  }
});

test('the tag tells a made-up token, and one of another stage, without a store', async () => {
  const { ust } = await opened();
  assert.ok(verifySessionTokenTag(await stage.tagKey(), ust));
  const production = await memoryStage('production');
  assert.ok(!verifySessionTokenTag(await production.tagKey(), ust));
  const other = await opened();
  for (const forged of [
    `${ust.slice(0, 33)}${other.ust.slice(33)}`,
    `${'A'.repeat(32)}.${'A'.repeat(12)}`,
    `${ust}A`,
    ust.slice(0, 44),
    '',
  ]) {
    assert.ok(!verifySessionTokenTag(await stage.tagKey(), forged), forged);
  }
});

test('a session opened right after all tokens were ended lives', async () => {
  const other = await stage.register({ account: mageId });
  await stage.clients.replace({ ...other.client, tokensValidAfter: stage.time.now });
  const result = await openSession(
    {
      authorization: basic(other.client.id, other.secret ?? ''),
      grant_type: 'session',
      expires_in: undefined,
    },
    stage.sessionTokens,
  );
  assert.ok(result.ok);
  expect((await stage.verifyToken(result.value.response.ust)).ok).toBe(true);
});
