import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { decodeJwt } from 'jose';
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
  routeScopes: { [routeKey]: 'orders:read', 'GET /profile': null },
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
    { authorization, grant_type: 'session', expires_in: undefined },
    stage.sessionTokens,
  );
  assert.ok(opened.ok);
  return opened.value.response.ust;
}

type Headers = Readonly<Record<string, string>>;

/** The response of the authorizer to a request with these headers, and what it logs. */
async function authorize(headers: Headers | undefined, changes: Partial<Options> = {}, route = routeKey) {
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

const down = new Unavailable('DynamoDB', new Error('ECONNREFUSED'));
const failing = (thrown: Error) =>
  tokenVerification([
    accessTokens({
      ...stage.accessTokenVerification,
      revocationStates: { find: () => Promise.reject(thrown) },
    }),
  ]);
/** Why callers are denied, and the error that the integration reads. */
const denials: Record<
  string,
  {
    error: string;
    headers: () => Promise<Headers | undefined>;
    changes?: Partial<Options>;
    /** Whether nothing could be decided. */
    undecided?: true;
  }
> = {
  'a request without headers': { error: 'missing_token', headers: async () => undefined },
  'a request without a token': { error: 'missing_token', headers: async () => ({}) },
  'a request with HTTP Basic': {
    error: 'missing_token',
    headers: async () => ({ authorization: basic(sessionKey.client.id, sessionKey.secret ?? '') }),
  },
  'a string that is no token': { error: 'invalid_token', headers: async () => bearer('a.b.c') },
  'a forged session token': {
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
  'a token without the scope of the route': {
    error: 'insufficient_scope',
    headers: async () => bearer((await tokenOf({ scope: 'orders:create' })).token),
  },
  'a session, which has no scope': {
    error: 'insufficient_scope',
    headers: async () => bearer(await sessionToken()),
  },
  'a bound token as a bearer token': {
    error: 'invalid_token',
    headers: async () => bearer((await tokenOf({ bound: true })).token),
  },
  'a bound token without a proof': {
    error: 'resource_dpop_proof',
    headers: async () => ({ authorization: `DPoP ${(await tokenOf({ bound: true })).token}` }),
  },
  'a token while the store is unavailable': {
    error: 'temporarily_unavailable',
    headers: async () => bearer((await tokenOf()).token),
    changes: failing(down),
    undecided: true,
  },
  'a token at a route that is not one of its own': {
    error: 'server_error',
    headers: async () => bearer((await tokenOf()).token),
    changes: { routeScopes: { 'GET /orders': 'orders:read' } },
    undecided: true,
  },
  'a token after an unexpected exception': {
    error: 'server_error',
    headers: async () => bearer((await tokenOf()).token),
    changes: failing(new TypeError('x is not a function')),
    undecided: true,
  },
};

describe('authorizer', () => {
  test('allows a token with the scope of the route', async () => {
    expect((await authorize(bearer((await tokenOf()).token))).isAuthorized).toBe(true);
  });

  test('allows any token if the route requires no scope', async () => {
    const { isAuthorized, context } = await authorize(bearer(await sessionToken()), {}, 'GET /profile');
    expect(isAuthorized).toBe(true);
    expect(context).toStrictEqual({
      client_id: sessionKey.client.id,
      scope: '',
      account,
      secret_id: sessionKey.client.secrets[0]?.id,
    });
  });

  test('allows a bound token with a DPoP proof for the request', async () => {
    const { token } = await tokenOf({ bound: true });
    const { isAuthorized } = await authorize({ authorization: `DPoP ${token}`, dpop: await proof(token) });
    expect(isAuthorized).toBe(true);
  });
});

describe.each(Object.entries(denials))(
  'authorizer denying %s',
  (_, { error, headers, changes, undecided }) => {
    if (undecided) {
      test(`fails if the gateway denies, so that the gateway responds with 500 and caches nothing (${error})`, async () => {
        const failure = authorize(await headers(), { ...changes, denials: 'gateway' });
        await expect(failure).rejects.toThrow(error);
      });
    } else {
      test(`stops the request at the gateway (${error})`, async () => {
        const { isAuthorized, context } = await authorize(await headers(), {
          ...changes,
          denials: 'gateway',
        });
        expect(isAuthorized).toBe(false);
        expect(context['error']).toBe(error);
      });
    }

    test(`gives the integration the error ${error}, and nothing that names a caller`, async () => {
      const { isAuthorized, context } = await authorize(await headers(), {
        ...changes,
        denials: 'integration',
      });
      expect(isAuthorized).toBe(true);
      expect(context['error']).toBe(error);
      const namesOfCaller = ['client_id', 'account', 'scope'].filter((name) => name in context);
      expect(namesOfCaller).toStrictEqual([]);
      const caller = callerOf({
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
  },
);

describe('denial of the authorizer', () => {
  test('gives the integration the required scope', async () => {
    const { token } = await tokenOf({ scope: 'orders:create' });
    const { context } = await authorize(bearer(token), { denials: 'integration' });
    expect(context).toStrictEqual({ error: 'insufficient_scope', required_scope: 'orders:read' });
  });

  test('gives the integration the scheme and the nonce that a DPoP proof must have', async () => {
    const { token } = await tokenOf({ bound: true });
    const { replays, clock, nonceKey } = stage;
    const verifyDpopProof = dpopVerification({ replays, clock, nonceKey });
    const headers = { authorization: `DPoP ${token}`, dpop: await proof(token) };
    const denied = await authorize(headers, { verifyDpopProof, denials: 'integration' });
    const { dpop_nonce: nonce, ...rest } = denied.context;
    expect(rest).toStrictEqual({ error: 'resource_dpop_nonce', challenge: 'DPoP' });
    const again = await authorize({ ...headers, dpop: await proof(token, { nonce }) }, { verifyDpopProof });
    expect(again.isAuthorized).toBe(true);
  });

  test.each<[string, RegExp, string, Partial<Options>]>([
    [
      'a missing scope',
      /^\{[^\n]*"event":"caller_denied"[^\n]*"error":"insufficient_scope"[^\n]*\}\n$/,
      'orders:create',
      {},
    ],
    [
      'an exception',
      /^\{[^\n]*"event":"authorizer_failed"[^\n]*\}\n$/,
      'orders:read',
      failing(new Error('broken')),
    ],
  ])('logs the reason once, and no token: %s', async (_, logged, scope, changes) => {
    const { token } = await tokenOf({ scope });
    const { log } = await authorize(bearer(token), { ...changes, denials: 'integration' });
    expect(log).toMatch(logged);
    expect(log).not.toContain(token);
  });
});

describe('log of a denied call', () => {
  test.each<[string, string, () => ReturnType<typeof tokenOf>, (token: string) => Promise<Headers>]>([
    [
      'a token without the scope',
      'insufficient_scope',
      () => tokenOf({ scope: 'orders:create' }),
      async (token) => bearer(token),
    ],
    [
      'a DPoP proof for another request',
      'resource_dpop_proof',
      () => tokenOf({ bound: true }),
      async (token) => ({
        authorization: `DPoP ${token}`,
        dpop: await proof(token, { htu: 'https://other.example.com' }),
      }),
    ],
    [
      'a bound token without a proof',
      'resource_dpop_proof',
      () => tokenOf({ bound: true }),
      async (token) => ({ authorization: `DPoP ${token}` }),
    ],
  ])('has the client of %s', async (_, error, issue, headersOf) => {
    const { token, client } = await issue();
    const { log } = await authorize(await headersOf(token));
    expect(JSON.parse(log)).toMatchObject({ event: 'caller_denied', error, clientId: client.id });
    expect(log).not.toContain(token);
  });

  test.each([
    ['just', 7_200],
    ['long ago', 72_000],
  ])('has the client of a token that expired %s', async (_, seconds) => {
    const moving = await memoryStage();
    const { token, client } = await tokenOf({ at: moving });
    moving.time.now += seconds;
    const { log } = await authorize(bearer(token), moving.protectedCalls);
    expect(JSON.parse(log)).toMatchObject({ error: 'invalid_token', clientId: client.id });
  });
});

describe('authorizer whose results are cached', () => {
  test.each([
    ['gateway', false],
    ['integration', true],
  ] as const)(
    'refuses a bound token, whose DPoP proof would be verified only once: denials of the %s',
    async (where, forwarded) => {
      const { token } = await tokenOf({ bound: true });
      const headers = { authorization: `DPoP ${token}`, dpop: await proof(token) };
      const changes = { resultsAreCached: true, denials: where };
      const { context, isAuthorized } = await authorize(headers, changes);
      expect(context['error']).toBe('invalid_token');
      expect(isAuthorized).toBe(forwarded);
    },
  );

  test('allows a bearer token', async () => {
    const { token } = await tokenOf();
    expect((await authorize(bearer(token), { resultsAreCached: true })).isAuthorized).toBe(true);
  });

  test('allows a session', async () => {
    const { isAuthorized } = await authorize(
      bearer(await sessionToken()),
      { resultsAreCached: true },
      'GET /profile',
    );
    expect(isAuthorized).toBe(true);
  });
});

describe('URL that the authorizer expects in a DPoP proof', () => {
  const forged = {
    host: 'evil.example.com',
    'x-forwarded-host': 'evil.example.com',
    forwarded: 'host=evil',
  };

  test('is that of the stage, even if headers name another host', async () => {
    const { token } = await tokenOf({ bound: true });
    const headers = { ...forged, authorization: `DPoP ${token}`, dpop: await proof(token) };
    expect((await authorize(headers)).isAuthorized).toBe(true);
  });

  test('is not that of the host that headers name', async () => {
    const { token } = await tokenOf({ bound: true });
    const dpop = await proof(token, { htu: `https://evil.example.com${path}` });
    const headers = { ...forged, authorization: `DPoP ${token}`, dpop };
    expect((await authorize(headers)).isAuthorized).toBe(false);
  });
});

describe('context that the authorizer gives the integration', () => {
  test('holds the claims of the token that are strings, and the others that describe the caller as strings', async () => {
    const { token, client } = await tokenOf({ claims: { trading_partner_ids: 'partner-1 partner-2' } });
    const { context } = await authorize(bearer(token));
    const { jti, rand, ...rest } = context;
    expect([typeof jti, typeof rand]).toStrictEqual(['string', 'string']);
    expect(rest).toStrictEqual({
      trading_partner_ids: 'partner-1 partner-2',
      iss: stage.issuer,
      aud: stage.issuer,
      sub: client.id,
      client_id: client.id,
      scope: 'orders:read',
      token_generation: client.tokenGeneration,
      test: 'true',
    });
  });

  test('takes no account, error, client or scope from a claim of the client', async () => {
    const { client } = await stage.register({ clientId: 'odd' });
    // Registration refuses these claims, so they are written to the store directly.
    const claims = {
      account,
      error: 'x',
      error_description: 'x',
      required_scope: 'x',
      challenge: 'DPoP',
      dpop_nonce: 'x',
    };
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
    const { response: issued } = issueAccessToken(
      { client: odd, method: 'client_secret_basic' },
      { scope: 'orders:read', audience: stage.issuer },
      stage.tokens,
      stage.sign,
      now,
    );
    const { isAuthorized, context } = await authorize(bearer(issued.access_token));
    expect(isAuthorized).toBe(true);
    expect(context['client_id']).toBe('odd');
    expect(context['scope']).toBe('orders:read');
    expect(context['sub']).toBe('odd');
    expect(context['iss']).toBe(stage.issuer);
    expect(Object.keys(claims).filter((name) => name in context)).toStrictEqual([]);
  });
});

describe('log of the authorizer', () => {
  const linesOf = async (headers: Headers, changes: Partial<Options> = {}) =>
    (await authorize(headers, changes)).log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  test('names the client and the token of an allowed call, and not the token itself', async () => {
    const { token, client } = await tokenOf();
    const [line, ...others] = await linesOf(bearer(token));
    expect(others).toStrictEqual([]);
    expect(line).toMatchObject({
      level: 'INFO',
      event: 'caller_allowed',
      requestId: 'r1',
      clientId: client.id,
      tokenKind: 'jwt',
      jti: decodeJwt(token).jti,
    });
    for (const part of token.split('.')) expect(JSON.stringify(line)).not.toContain(part);
  });

  test('names a refused JWT by its jti, once its signature has been verified', async () => {
    const { token } = await tokenOf({ scope: 'orders:create' });
    expect(await linesOf(bearer(token))).toMatchObject([
      { event: 'caller_denied', error: 'insufficient_scope', jti: decodeJwt(token).jti },
    ]);
    const { token: foreign } = await tokenOf({ at: production });
    const [line] = await linesOf(bearer(foreign));
    expect(line).not.toHaveProperty('jti');
  });
});
