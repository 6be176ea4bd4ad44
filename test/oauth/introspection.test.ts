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
const authorized = basic(resourceServer.client.id, resourceServer.secret ?? '');

const introspect = (
  token: string,
  authorization = authorized,
  context: IntrospectionCapabilities = stage.introspection,
) => introspectToken(authorization, { token }, context);

async function responseTo(token: string, authorization = authorized, context?: IntrospectionCapabilities) {
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
    { authorization, grant_type: 'session', expires_in: 60 },
    at.sessionTokens,
  );
  assert.ok(opened.ok);
  return { client, account, authorization, token: opened.value.response.ust };
}

describe('introspection response for an active token', () => {
  test('has exactly the members of a JWT', async () => {
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

  test('has exactly the members of a session', async () => {
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

  test('names the key of a bound token', async () => {
    const key = await partnerKey();
    const dpop = await dpopProof(key, { htm: 'POST', htu: `${stage.issuer}/oauth/token`, iat: now });
    const response = await responseTo((await jwtHolder(stage, {}, dpop)).token);
    assert.ok(response.active);
    expect(response['token_type']).toBe('DPoP');
    expect(response['cnf']).toStrictEqual({ jkt: await thumbprint(key) });
  });

  test('names the owner and the acting client of an exchanged token', async () => {
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

describe('introspection response for an inactive token', () => {
  const inactive: Record<string, (at: Stage) => Promise<string>> = {
    'a string that is no token': async () => 'garbage',
    'a forged session token': async () => `${'A'.repeat(32)}.${'A'.repeat(12)}`,
    'a forged JWT': async () => 'a.b.c',
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
      await at.clients.delete(client);
      return token;
    },
    'an introspection response as a JWT': async (at) =>
      (await at.introspection.introspectionSigner())(decodeJwt((await jwtHolder(at)).token)),
  };
  test.each(Object.entries(inactive))('holds nothing but active: false for %s', async (_, make) => {
    const moving = await memoryStage();
    const { client, secret = '' } = await moving.register({ mayIntrospect: true });
    const token = await make(moving);
    expect(await responseTo(token, basic(client.id, secret), moving.introspection)).toStrictEqual({
      active: false,
    });
  });
});

describe('introspection request', () => {
  test('is refused for a client that may not introspect, even for its own token', async () => {
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

  test('is refused for a public client that sends no secret with introspection_not_allowed', async () => {
    const { token } = await jwtHolder();
    const channel = await stage.register({ kind: 'sales_channel', withSecret: true, mayIntrospect: true });
    const refused = await introspectToken(
      undefined,
      { client_id: channel.client.id, token },
      stage.introspection,
    );
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('introspection_not_allowed');
  });

  test('is accepted from a client of a public kind that authenticates with its secret', async () => {
    const { token } = await jwtHolder();
    const channel = await stage.register({ kind: 'sales_channel', withSecret: true, mayIntrospect: true });
    const response = await responseTo(token, basic(channel.client.id, channel.secret ?? ''));
    expect(response.active).toBe(true);
  });

  test.each<[string, (token: string) => string]>([
    ['no credentials', () => ''],
    ['a wrong secret', () => basic(resourceServer.client.id, 'wrong')],
    ['the token itself as a bearer token', (token) => `Bearer ${token}`],
  ])('is refused with invalid_client for %s', async (_, authorization) => {
    const { token } = await jwtHolder();
    const refused = await introspect(token, authorization(token));
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('invalid_client');
  });

  test('is refused with invalid_request without a token', async () => {
    const refused = await introspectToken(authorized, {}, stage.introspection);
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('invalid_request');
  });

  test('may have a wrong token_type_hint, which is ignored', async () => {
    const { token } = await sessionHolder();
    const parameters: object = { token, token_type_hint: 'refresh_token' };
    const introspection = await introspectToken(authorized, parameters, stage.introspection);
    assert.ok(introspection.ok);
    expect(introspection.value.response.active).toBe(true);
  });

  test.each([
    ['a JWT', jwtHolder],
    ['a session', sessionHolder],
  ])('throws Unavailable for %s while the store is unavailable', async (_, hold) => {
    const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
    const { verifyToken } = tokenVerification([
      sessionTokens({ ...stage.sessionVerification, sessions: { find: down } }),
      accessTokens({ ...stage.accessTokenVerification, revocationStates: { find: down } }),
    ]);
    const { token } = await hold();
    const introspection = introspect(token, authorized, { ...stage.introspection, verifyToken });
    await expect(introspection).rejects.toThrow(Unavailable);
  });
});

describe('introspection response as a JWT', () => {
  const { d: _d, ...publicKey } = stage.signingKey;
  const keys = createLocalJWKSet({ keys: [publicKey] });

  test.each<[string, () => Promise<string>]>([
    ['an active token', async () => (await jwtHolder()).token],
    ['an inactive token', async () => 'garbage'],
  ])('is signed for the client that requested it, and holds the response for %s', async (_name, make) => {
    const token = await make();
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

  test('is not accepted as an access token', async () => {
    const introspection = await introspect((await jwtHolder()).token);
    assert.ok(introspection.ok);
    const jwt = await signIntrospection(introspection.value, stage.introspection);
    expect((await stage.verifyToken(jwt)).ok).toBe(false);
  });
});

describe('introspection of a token for another audience', () => {
  const stock = 'https://stock.example.com';
  const tokenForStock = async () => {
    const { client, secret = '' } = await stage.register({ audiences: [stock] });
    const parameters = { grant_type: 'client_credentials', scope: 'orders:read', resource: stock };
    const issued = await issueToken({ authorization: basic(client.id, secret), parameters }, stage.tokens);
    assert.ok(issued.ok);
    return issued.value.response.access_token;
  };

  test('is inactive for a client that does not serve this audience', async () => {
    expect(await responseTo(await tokenForStock())).toStrictEqual({ active: false });
  });

  test('is active for a client that serves this audience', async () => {
    const service = await stage.register({ mayIntrospect: true, audiences: [stock] });
    const response = await responseTo(await tokenForStock(), basic(service.client.id, service.secret ?? ''));
    assert.ok(response.active);
    expect(response['aud']).toBe(stock);
  });
});
