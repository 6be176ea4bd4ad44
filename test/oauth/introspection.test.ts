import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { accessTokens } from '../../src/oauth/access-token-verification.ts';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { introspectToken, signIntrospection } from '../../src/oauth/introspection.ts';
import type { IntrospectionCapabilities } from '../../src/oauth/introspection.ts';
import { revokeToken } from '../../src/oauth/revocation.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import { sessionTokens } from '../../src/sessions/session-verification.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { dpopProof, jwtBy, partnerKey, thumbprint } from './client-keys.ts';
import { basic, memoryStage } from './stage.ts';

const stage = await memoryStage();
const { now } = stage.time;
type Stage = typeof stage;

const resourceServer = await stage.register({ mayIntrospect: true });
const asking = basic(resourceServer.client.id, resourceServer.secret ?? '');

const introspect = (
  token: string,
  authorization = asking,
  context: IntrospectionCapabilities = stage.introspection,
) => introspectToken(authorization, { token }, context);

async function responseTo(token: string, authorization = asking, context?: IntrospectionCapabilities) {
  const introspection = await introspect(token, authorization, context);
  assert.ok(introspection.ok, JSON.stringify(introspection));
  return introspection.value.response;
}

async function jwtHolder(at: Stage = stage, parameters: TokenParameters = {}, dpop?: string) {
  const { client, secret = '' } = await at.register({ claims: { team: 'blue' } });
  const authorization = basic(client.id, secret);
  const request = { grant_type: 'client_credentials', scope: 'orders:read', ...parameters };
  const issued = await issueToken({ authorization, dpop, parameters: request }, at.tokens);
  assert.ok(issued.ok);
  return { client, authorization, token: issued.value.response.access_token };
}

let accounts = 0;
async function sessionHolder(at: Stage = stage) {
  accounts += 1;
  const account = await at.account(`MAG20000000${accounts}`);
  const { client, secret = '' } = await at.register({ account });
  const authorization = basic(client.id, secret);
  const opened = await openSession(
    { authorization: authorization, grant_type: 'session', expires_in: 60 },
    at.sessionTokens,
  );
  assert.ok(opened.ok);
  return { client, account, authorization, token: opened.value.response.ust };
}

describe('an active token has exactly', () => {
  test('the members of a JWT', async () => {
    const { client, token } = await jwtHolder();
    expect(await responseTo(token)).toStrictEqual({
      active: true,
      scope: 'orders:read',
      client_id: client.id,
      token_type: 'bearer',
      exp: now + 7_200,
      iat: now,
      nbf: now,
      sub: client.id,
      iss: stage.issuer,
      aud: stage.issuer,
      jti: decodeJwt(token).jti,
    });
  });

  test('the members of a session', async () => {
    const { client, account, token } = await sessionHolder();
    expect(await responseTo(token)).toStrictEqual({
      active: true,
      scope: '',
      client_id: client.id,
      token_type: 'bearer',
      exp: now + 60,
      iat: now,
      nbf: now,
      sub: account,
      iss: stage.issuer,
      mage_id: account,
    });
  });

  test('of a bound token its key', async () => {
    const key = await partnerKey();
    const dpop = await dpopProof(key, { htm: 'POST', htu: `${stage.issuer}/oauth/token`, iat: now });
    const response = await responseTo((await jwtHolder(stage, {}, dpop)).token);
    assert.ok(response.active);
    expect(response['token_type']).toBe('DPoP');
    expect(response['cnf']).toStrictEqual({ jkt: await thumbprint(key) });
  });

  test('whom a client acts for, and who acts', async () => {
    const key = await partnerKey();
    const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
    const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const front = await stage.register({ grants: [jwtBearer], keys: [key.publicKey], withSecret: true });
    const back = await stage.register({ grants: [tokenExchange] });
    const owner = { type: 'Customer', id: '1' };
    const assertion = await jwtBy(key, { iat: now, 'https://commercelayer.io/claims': { owner } });
    const first = await issueToken(
      {
        authorization: basic(front.client.id, front.secret ?? ''),
        parameters: { grant_type: jwtBearer, assertion, scope: 'orders:read' },
      },
      stage.tokens,
    );
    assert.ok(first.ok);
    const second = await issueToken(
      {
        authorization: basic(back.client.id, back.secret ?? ''),
        parameters: {
          grant_type: tokenExchange,
          subject_token: first.value.response.access_token,
          subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        },
      },
      stage.tokens,
    );
    assert.ok(second.ok);
    const response = await responseTo(second.value.response.access_token);
    assert.ok(response.active);
    expect(response['owner']).toStrictEqual(owner);
    expect(response['act']).toStrictEqual({ sub: back.client.id });
    expect([response['sub'], response['client_id']]).toStrictEqual([front.client.id, back.client.id]);
  });
});

describe('of a token that is not active nothing is said', () => {
  const inactive: Record<string, (at: Stage) => Promise<string>> = {
    garbage: async () => 'garbage',
    'a made-up session': async () => `${'A'.repeat(32)}.${'A'.repeat(12)}`,
    'a made-up JWT': async () => 'a.b.c',
    'a JWT of another stage': async () => (await jwtHolder(await memoryStage('production'))).token,
    'a session of another stage': async () => (await sessionHolder(await memoryStage('production'))).token,
    'an expired JWT': async (at) => {
      const { token } = await jwtHolder(at);
      at.time.now += 7_200;
      return token;
    },
    'an expired session': async (at) => {
      const { token } = await sessionHolder(at);
      at.time.now += 60;
      return token;
    },
    'a revoked JWT': async (at) => {
      const { token, authorization } = await jwtHolder(at);
      await revokeToken(authorization, { token }, at.revocation);
      return token;
    },
    'a revoked session': async (at) => {
      const { token, authorization } = await sessionHolder(at);
      await revokeToken(authorization, { token }, at.revocation);
      return token;
    },
    'a JWT of a disabled client': async (at) => {
      const { token, client } = await jwtHolder(at);
      await at.clients.replace({ ...client, status: 'disabled' });
      return token;
    },
    'a session of a deleted client': async (at) => {
      const { token, client } = await sessionHolder(at);
      await at.clients.delete(client.id);
      return token;
    },
    'an introspection': async (at) =>
      (await at.introspection.introspectionSigner())(decodeJwt((await jwtHolder(at)).token)),
  };
  for (const [name, make] of Object.entries(inactive)) {
    test(name, async () => {
      const moving = await memoryStage();
      const { client, secret = '' } = await moving.register({ mayIntrospect: true });
      const token = await make(moving);
      expect(await responseTo(token, basic(client.id, secret), moving.introspection)).toStrictEqual({
        active: false,
      });
    });
  }
});

describe('who may ask', () => {
  test('no client that was not allowed, not even of its own token', async () => {
    const { token, authorization, client } = await jwtHolder();
    expect(await introspect(token, authorization)).toStrictEqual({
      ok: false,
      error: {
        code: 'introspection_not_allowed',
        description: 'This client may not introspect tokens.',
        clientId: client.id,
      },
    });
  });

  test('no public client, unless it proves who it is', async () => {
    const { token } = await jwtHolder();
    const channel = await stage.register({ kind: 'sales_channel', withSecret: true, mayIntrospect: true });
    const { id } = channel.client;
    const refused = await introspectToken(undefined, { client_id: id, token }, stage.introspection);
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('introspection_not_allowed');
    assert.ok((await responseTo(token, basic(id, channel.secret ?? ''))).active);
  });

  test('nobody who does not authenticate', async () => {
    const { token } = await jwtHolder();
    for (const authorization of ['', basic(resourceServer.client.id, 'wrong'), `Bearer ${token}`]) {
      const refused = await introspect(token, authorization);
      assert.ok(!refused.ok);
      expect(refused.error.code).toBe('invalid_client');
    }
  });

  test('and a token is needed', async () => {
    const refused = await introspectToken(asking, {}, stage.introspection);
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('invalid_request');
  });
});

test('hints are ignored', async () => {
  const { token } = await sessionHolder();
  const parameters: object = { token, token_type_hint: 'refresh_token' };
  const introspection = await introspectToken(asking, parameters, stage.introspection);
  assert.ok(introspection.ok && introspection.value.response.active);
});

test('a store that is down says neither active nor inactive', async () => {
  const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
  const { verifyToken } = tokenVerification([
    sessionTokens({ ...stage.sessionVerification, sessions: { find: down } }),
    accessTokens({ ...stage.accessTokenVerification, revocationStates: { find: down } }),
  ]);
  const context = { ...stage.introspection, verifyToken };
  for (const { token } of [await jwtHolder(), await sessionHolder()]) {
    await expect(introspect(token, asking, context)).rejects.toThrow(Unavailable);
  }
});

describe('the answer as a JWT', () => {
  const { d: _, ...publicKey } = stage.signingKey;
  const keys = createLocalJWKSet({ keys: [publicKey] });

  for (const state of ['active', 'inactive']) {
    test(`is signed for who asked, and holds the answer: ${state}`, async () => {
      const token = state === 'active' ? (await jwtHolder()).token : 'garbage';
      const introspection = await introspect(token);
      assert.ok(introspection.ok);
      const jwt = await signIntrospection(introspection.value, stage.introspection);
      const { payload } = await jwtVerify(jwt, keys, {
        typ: 'token-introspection+jwt',
        issuer: stage.issuer,
        audience: resourceServer.client.id,
        currentDate: new Date(now * 1000),
      });
      expect(payload).toStrictEqual({
        iss: stage.issuer,
        aud: resourceServer.client.id,
        iat: now,
        token_introspection: introspection.value.response,
      });
    });
  }

  test('is no access token', async () => {
    const introspection = await introspect((await jwtHolder()).token);
    assert.ok(introspection.ok);
    const jwt = await signIntrospection(introspection.value, stage.introspection);
    expect((await stage.verifyToken(jwt)).ok).toBe(false);
  });
});

test('a token for another audience is active to those that serve it alone', async () => {
  const stock = 'https://stock.example.com';
  const { client, secret = '' } = await stage.register({ audiences: [stock] });
  const parameters = { grant_type: 'client_credentials', scope: 'orders:read', resource: stock };
  const issued = await issueToken({ authorization: basic(client.id, secret), parameters }, stage.tokens);
  assert.ok(issued.ok);
  const { access_token } = issued.value.response;
  expect(await responseTo(access_token)).toStrictEqual({ active: false });
  const service = await stage.register({ mayIntrospect: true, audiences: [stock] });
  const { active, aud } = {
    aud: undefined,
    ...(await responseTo(access_token, basic(service.client.id, service.secret ?? ''))),
  };
  expect([active, aud]).toStrictEqual([true, stock]);
});
