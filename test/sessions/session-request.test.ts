import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { disableAccount } from '../../src/clients/account-status.ts';
import { revokeTokens } from '../../src/clients/client-changes.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import type { SessionRequest } from '../../src/sessions/session-request.ts';
import { hashSessionToken, verifySessionTokenTag } from '../../src/sessions/session-token.ts';
import { basic, memoryStage } from '../oauth/stage.ts';

const stage = await memoryStage();
const mageId = await stage.account();
const key = await stage.register({ account: mageId });
const integration = await stage.register();
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

describe('session key', () => {
  test('has the form that programs of EQP expect', () => {
    expect(key.client.id).toMatch(/^AQ[A-Z\d]{8}$/);
    expect(key.secret ?? '').toMatch(/^[\da-f]{40}$/);
  });
});

describe('session endpoint', () => {
  test('responds with exactly mage_id, ust and expires_in', async () => {
    const response = await opened({ expires_in: 600 });
    expect(Object.keys(response)).toStrictEqual(['mage_id', 'ust', 'expires_in']);
    expect(response.mage_id).toBe(mageId);
    expect(response.expires_in).toBe(600);
    expect(response.ust).toMatch(/^[\w-]{32}\.[\w-]{12}$/);
  });

  test('stores a session under the hash of its token, and not the token', async () => {
    const { ust } = await opened({ expires_in: 600 });
    expect(await stage.sessions.find(hashSessionToken(ust))).toStrictEqual({
      clientId: key.client.id,
      secretId: key.client.secrets[0]?.id,
      tokenGeneration: key.client.tokenGeneration,
      account: mageId,
      sessionGeneration: '',
      scope: '',
      issuedAt: stage.time.now,
      expiresAt: stage.time.now + 600,
    });
  });

  test.each<[string, number, Partial<SessionRequest>]>([
    ['the requested lifetime', 1, { expires_in: 1 }],
    ['the default for an empty expires_in', 7_200, { expires_in: '' }],
    ['the default for a missing expires_in', 7_200, {}],
    ['the maximum for a lifetime of one second more', 7_200, { expires_in: 7_201 }],
    ['the maximum for an enormous lifetime', 7_200, { expires_in: 1e300 }],
  ])('grants %s: %i s', async (_, expected, request) => {
    expect((await opened(request)).expires_in).toBe(expected);
  });

  test.each<[string, unknown]>(
    [0, -1, 1.5, '60', 'soon', '1e3', null, true, [60], {}, NaN, Infinity].map((value) => [
      inspect(value),
      value,
    ]),
  )('refuses the expires_in %s with invalid_request', async (_, expires_in) => {
    const result = await session({ expires_in });
    assert.ok(!result.ok);
    expect(result.error.code).toBe('invalid_request');
  });

  test.each<[string, string, Partial<SessionRequest>, string | undefined]>([
    ['no credentials', 'invalid_client', {}, ''],
    ['a bearer token', 'invalid_client', {}, `Bearer ${key.secret}`],
    ['a wrong secret', 'invalid_client', {}, basic(key.client.id, 'wrong')],
    ['an unknown session key', 'invalid_client', {}, basic('AQ00000000', key.secret ?? '')],
    ['an empty secret', 'invalid_client', {}, basic(key.client.id, '')],
    [
      'a client that is no session key',
      'invalid_client',
      {},
      basic(integration.client.id, integration.secret ?? ''),
    ],
    [
      'client_id and client_secret beside HTTP Basic',
      'invalid_request',
      { client_id: key.client.id, client_secret: key.secret ?? '' },
      authorization,
    ],
    ['another grant_type', 'unsupported_grant_type', { grant_type: 'client_credentials' }, authorization],
  ])('refuses %s with %s', async (_, code, request, header) => {
    const result = await session(request, header);
    assert.ok(!result.ok);
    expect(result.error.code).toBe(code);
  });

  test('refuses a disabled account with its reason, and opens sessions when it is enabled', async () => {
    const account = await stage.account('MAG-DISABLED');
    const { client, secret = '' } = await stage.register({ account });
    const own = basic(client.id, secret);
    await disableAccount(account, stage);
    expect(await session({}, own)).toStrictEqual({
      ok: false,
      error: {
        code: 'forbidden',
        description: 'The account of this session key is disabled. Its operator alone can enable it.',
        reason: 'account_disabled',
        clientId: client.id,
      },
    });
    await stage.accounts.enable(account);
    const again = await session({}, own);
    assert.ok(again.ok);
    expect((await stage.verifyToken(again.value.response.ust)).ok).toBe(true);
  });

  test('does not tell a wrong secret that the account is disabled', async () => {
    const account = await stage.account('MAG-DISABLED-TOO');
    const { client } = await stage.register({ account });
    await disableAccount(account, stage);
    const result = await session({}, basic(client.id, 'wrong'));
    assert.ok(!result.ok);
    expect(result.error.code).toBe('invalid_client');
  });

  test('issues a valid token in the second in which all tokens were revoked', async () => {
    const other = await stage.register({ account: mageId });
    await stage.clients.replace(revokeTokens(other.client));
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
});

const { ust } = await opened();
const { ust: otherUst } = await opened();

describe('tag of a session token', () => {
  test('is correct for a token of the stage', async () => {
    expect(verifySessionTokenTag(await stage.tagKey(), ust)).toBe(true);
  });

  test('is wrong for a token of another stage', async () => {
    const production = await memoryStage('production');
    expect(verifySessionTokenTag(await production.tagKey(), ust)).toBe(false);
  });

  test.each([
    ['a token with the tag of another token', `${ust.slice(0, 33)}${otherUst.slice(33)}`],
    ['a forged token', `${'A'.repeat(32)}.${'A'.repeat(12)}`],
    ['a token with one more character', `${ust}A`],
    ['a token without its last character', ust.slice(0, 44)],
    ['an empty string', ''],
  ])('is wrong for %s', async (_, forged) => {
    expect(verifySessionTokenTag(await stage.tagKey(), forged)).toBe(false);
  });
});
