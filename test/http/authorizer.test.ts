import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import { callerOf } from '../../src/http/authorizer-context.ts';
import { authorizer } from '../../src/http/authorizer.ts';
import { jsonLog } from '../../src/log.ts';
import { accessTokens } from '../../src/oauth/access-token-verification.ts';
import { issueAccessToken } from '../../src/oauth/access-token.ts';
import { dpopVerification } from '../../src/oauth/dpop.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { dpopProof, partnerKey } from '../oauth/client-keys.ts';
import { basic, memoryStage } from '../oauth/stage.ts';

const stage = await memoryStage();
const { now } = stage.time;
const production = await memoryStage('production');
const account = await stage.account();
const path = '/orders/7';
const routeKey = 'GET /orders/{id}';
type Options = Parameters<typeof authorizer>[0];

const options: Options = {
  routeScopes: { [routeKey]: 'orders:read' },
  denials: 'gateway',
  resultsAreCached: false,
  ...stage.protectedCalls,
  issuer: stage.issuer,
  log: stage.log,
};

const key = await partnerKey();
const proof = (accessToken: string, changes: object = {}) =>
  dpopProof(key, { htm: 'GET', htu: stage.issuer + path, iat: now, accessToken, ...changes });

async function tokenOf({
  scope = 'orders:read',
  bound = false,
  at = stage,
  ...registration
}: Partial<ClientRegistration> & {
  scope?: string;
  bound?: boolean;
  at?: typeof stage;
} = {}) {
  const { client, secret = '' } = await at.register(registration);
  const dpop = bound
    ? await dpopProof(key, { htm: 'POST', htu: `${at.issuer}/oauth/token`, iat: now })
    : undefined;
  const parameters = { grant_type: 'client_credentials', scope };
  const issued = await issueToken({ authorization: basic(client.id, secret), dpop, parameters }, at.tokens);
  assert.ok(issued.ok);
  return { token: issued.value.response.access_token, client };
}

const sessionKey = await stage.register({ account });
async function sessionToken() {
  const authorization = basic(sessionKey.client.id, sessionKey.secret ?? '');
  const opened = await openSession(
    { authorization: authorization, grant_type: 'session', expires_in: undefined },
    stage.sessionTokens,
  );
  assert.ok(opened.ok);
  return opened.value.response.ust;
}

type Headers = Readonly<Record<string, string>>;

/** The response of the authorizer to a request with these headers, and what it logs. */
async function ask(headers: Headers | undefined, changes: Partial<Options> = {}, route = routeKey) {
  const event = {
    version: '2.0',
    type: 'REQUEST',
    routeKey: route,
    rawPath: path,
    headers,
    requestContext: { requestId: 'r1', http: { method: 'GET' } },
  } as unknown as APIGatewayRequestAuthorizerEventV2;
  const lines: string[] = [];
  const log = jsonLog({ write: (line) => lines.push(line) });
  return { ...(await authorizer({ ...options, ...changes, log })(event)), log: lines.join('') };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** What callers are denied for, and the error that the integration reads. */
const down = new Unavailable('DynamoDB', new Error('ECONNREFUSED'));
const failing = (thrown: Error) =>
  tokenVerification([
    accessTokens({
      ...stage.accessTokenVerification,
      revocationStates: { find: () => Promise.reject(thrown) },
    }),
  ]);
const denials: Record<
  string,
  { error: string; headers: () => Promise<Headers | undefined>; changes?: Partial<Options> }
> = {
  'no headers': { error: 'missing_token', headers: async () => undefined },
  'no token': { error: 'missing_token', headers: async () => ({}) },
  'another scheme': {
    error: 'missing_token',
    headers: async () => ({ authorization: basic(sessionKey.client.id, sessionKey.secret ?? '') }),
  },
  'a token that is none': { error: 'invalid_token', headers: async () => bearer('a.b.c') },
  'a made-up session': {
    error: 'invalid_token',
    headers: async () => bearer(`${'A'.repeat(32)}.${'A'.repeat(12)}`),
  },
  'a token of another stage': {
    error: 'invalid_token',
    headers: async () => bearer((await tokenOf({ at: production })).token),
  },
  'a token for another audience': {
    error: 'invalid_token',
    headers: async () => bearer((await tokenOf()).token),
    changes: { audience: 'https://stock.example.com' },
  },
  'a scope that is missing': {
    error: 'insufficient_scope',
    headers: async () => bearer((await tokenOf({ scope: 'orders:create' })).token),
  },
  'a session, which has no scope': {
    error: 'insufficient_scope',
    headers: async () => bearer(await sessionToken()),
  },
  'a bound token without its key': {
    error: 'invalid_token',
    headers: async () => bearer((await tokenOf({ bound: true })).token),
  },
  'a bound token without a proof': {
    error: 'resource_dpop_proof',
    headers: async () => ({ authorization: `DPoP ${(await tokenOf({ bound: true })).token}` }),
  },
  'a store that is down': {
    error: 'temporarily_unavailable',
    headers: async () => bearer((await tokenOf()).token),
    changes: failing(down),
  },
  'a fault': {
    error: 'server_error',
    headers: async () => bearer((await tokenOf()).token),
    changes: failing(new TypeError('x is not a function')),
  },
};

describe('lets through', () => {
  test('a token with the scope of the route', async () => {
    expect((await ask(bearer((await tokenOf()).token))).isAuthorized).toBe(true);
  });

  test('any token where the route demands no scope', async () => {
    const { isAuthorized, context } = await ask(bearer(await sessionToken()), {}, 'GET /profile');
    expect(isAuthorized).toBe(true);
    expect(context).toStrictEqual({ client_id: sessionKey.client.id, scope: '', account });
  });

  test('a bound token with a proof for this very request', async () => {
    const { token } = await tokenOf({ bound: true });
    const { isAuthorized } = await ask({ authorization: `DPoP ${token}`, dpop: await proof(token) });
    expect(isAuthorized).toBe(true);
  });
});

describe('who is denied', () => {
  for (const [name, { error, headers, changes }] of Object.entries(denials)) {
    test(`${name}: never gets past the gateway`, async () => {
      const { isAuthorized, context } = await ask(await headers(), { ...changes, denials: 'gateway' });
      expect(isAuthorized).toBe(false);
      expect(context['error']).toBe(error);
    });

    test(`${name}: the integration gets the error, and nothing that names a caller`, async () => {
      const { isAuthorized, context } = await ask(await headers(), { ...changes, denials: 'integration' });
      expect(isAuthorized).toBe(true);
      expect(context['error']).toBe(error);
      assert.ok(!('client_id' in context || 'account' in context || 'scope' in context));
      const caller = callerOf({
        path,
        headers: {},
        body: Buffer.alloc(0),
        query: {},
        pathParameters: {},
        authorizer: { lambda: context },
        requestId: 'r1',
      });
      assert.ok(!caller.ok, 'the integration must read a denial from it');
      expect(caller.error.code).toBe(error);
    });
  }

  test('the integration learns which scope is missing', async () => {
    const { token } = await tokenOf({ scope: 'orders:create' });
    const { context } = await ask(bearer(token), { denials: 'integration' });
    expect(context).toStrictEqual({ error: 'insufficient_scope', required_scope: 'orders:read' });
  });

  test('the integration learns the scheme and the nonce that a proof must have', async () => {
    const { token } = await tokenOf({ bound: true });
    const { replays, clock, nonceKey } = stage;
    const verifyDpopProof = dpopVerification({ replays, clock, nonceKey });
    const headers = { authorization: `DPoP ${token}`, dpop: await proof(token) };
    const denied = await ask(headers, { verifyDpopProof, denials: 'integration' });
    const { dpop_nonce: nonce, ...rest } = denied.context;
    expect(rest).toStrictEqual({ error: 'resource_dpop_nonce', challenge: 'DPoP' });
    const again = await ask({ ...headers, dpop: await proof(token, { nonce }) }, { verifyDpopProof });
    expect(again.isAuthorized).toBe(true);
  });

  test('the log says why, and holds no token', async () => {
    const { token } = await tokenOf({ scope: 'orders:create' });
    const denied = await ask(bearer(token));
    expect(denied.log).toMatch(/"event":"caller_denied".*"error":"insufficient_scope"/);
    const faulty = await ask(bearer(token), failing(new Error('broken')));
    expect(faulty.log).toMatch(/"event":"authorizer_failed"/);
    expect([denied.log, faulty.log].some((log) => log.includes(token))).toBe(false);
  });
});

describe('answers that API Gateway reuses', () => {
  test('are not for bound tokens, whose proof would be asked for once', async () => {
    const { token } = await tokenOf({ bound: true });
    const headers = { authorization: `DPoP ${token}`, dpop: await proof(token) };
    for (const where of ['gateway', 'integration'] as const) {
      const dpop = await proof(token);
      const { context, isAuthorized } = await ask(
        { ...headers, dpop },
        { resultsAreCached: true, denials: where },
      );
      expect(context['error']).toBe('invalid_token');
      expect(isAuthorized).toBe(where === 'integration');
    }
  });

  test('are for bearer tokens and sessions', async () => {
    const changes = { resultsAreCached: true };
    expect((await ask(bearer((await tokenOf()).token), changes)).isAuthorized).toBe(true);
    expect((await ask(bearer(await sessionToken()), changes, 'GET /profile')).isAuthorized).toBe(true);
  });
});

describe('the address that a proof is for', () => {
  test('is that of the stage, whatever the headers say', async () => {
    const { token } = await tokenOf({ bound: true });
    const authorization = `DPoP ${token}`;
    const forged = {
      host: 'evil.example.com',
      'x-forwarded-host': 'evil.example.com',
      forwarded: 'host=evil',
    };
    const good = await ask({ ...forged, authorization, dpop: await proof(token) });
    expect(good.isAuthorized).toBe(true);
    const elsewhere = await proof(token, { htu: `https://evil.example.com${path}` });
    expect((await ask({ ...forged, authorization, dpop: elsewhere })).isAuthorized).toBe(false);
  });
});

describe('the context of a caller', () => {
  test('is flat texts: the claims that are texts, and as JSON those that say whom a call is for', async () => {
    const { token, client } = await tokenOf({ claims: { trading_partner_ids: 'partner-1 partner-2' } });
    const { context } = await ask(bearer(token));
    const { jti, rand, ...rest } = context;
    expect([typeof jti, typeof rand]).toStrictEqual(['string', 'string']);
    expect(rest).toStrictEqual({
      trading_partner_ids: 'partner-1 partner-2',
      iss: stage.issuer,
      aud: stage.issuer,
      sub: client.id,
      client_id: client.id,
      scope: 'orders:read',
      test: 'true',
    });
  });

  test('a claim makes no account, no error, and no other client or scope', async () => {
    const { client } = await stage.register({ clientId: 'odd' });
    // What no registration lets through, as if it had got in by another way.
    const claims = { account, error: 'x', required_scope: 'x', challenge: 'DPoP', dpop_nonce: 'x' };
    await stage.clients.replace({
      ...client,
      claims: {
        ...claims,
        client_id: 'another',
        scope: 'admin',
        sub: 'root',
        iss: 'https://evil.example.com',
      },
    });
    const odd = await stage.clients.findNow('odd');
    assert.ok(odd);
    const { access_token } = issueAccessToken(
      { client: odd, method: 'client_secret_basic' },
      { scope: 'orders:read', audience: stage.issuer },
      stage.tokens.issuer,
      stage.sign,
      now,
    );
    const { isAuthorized, context } = await ask(bearer(access_token));
    expect(isAuthorized).toBe(true);
    expect(context['client_id']).toBe('odd');
    expect(context['scope']).toBe('orders:read');
    expect(context['sub']).toBe('odd');
    expect(context['iss']).toBe(stage.issuer);
    for (const name of Object.keys(claims)) assert.ok(!(name in context), name);
  });
});
