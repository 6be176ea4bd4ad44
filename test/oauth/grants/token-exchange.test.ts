import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { revokeTokens } from '../../../src/clients/client-changes.ts';
import type { TokenParameters } from '../../../src/oauth/grant.ts';
import { issueToken } from '../../../src/oauth/token-request.ts';
import { openSession } from '../../../src/sessions/session-request.ts';
import { Unavailable } from '../../../src/unavailable.ts';
import { jwtBy, partnerKey, thumbprint } from '../client-keys.ts';
import {
  accessTokenType,
  claimsName,
  clientCredentials,
  jwtBearer,
  now,
  partner,
  proofOf,
  stage,
  stock,
  tokenExchange,
} from '../partner.ts';
import type { Partner, Stage } from '../partner.ts';
import { basic, memoryStage } from '../stage.ts';

const frontend = await partner({ audiences: [stock] });
const backend = await partner({ grants: [tokenExchange], audiences: [stock] });
const third = await partner({ grants: [tokenExchange], audiences: [stock] });
async function subjectToken(from: Partner = frontend, scope = 'orders:read orders:create') {
  return (await from.issued({ grant_type: clientCredentials, scope })).response.access_token;
}

const without =
  (name: keyof TokenParameters) =>
  (request: TokenParameters): TokenParameters =>
    Object.fromEntries(Object.entries(request).filter(([key]) => key !== name));

describe('token exchange grant', () => {
  const exchange = (subject_token: string, more: TokenParameters = {}): TokenParameters => ({
    grant_type: tokenExchange,
    subject_token,
    subject_token_type: accessTokenType,
    ...more,
  });

  test('issues a token with the same subject to the requesting client, with issued_token_type', async () => {
    const { response, claims } = await backend.issued(exchange(await subjectToken()));
    const { access_token: _, ...rest } = response;
    expect(rest).toStrictEqual({
      token_type: 'bearer',
      expires_in: 7_200,
      scope: 'orders:read orders:create',
      created_at: now,
      issued_token_type: accessTokenType,
    });
    expect(claims.sub).toBe(frontend.client.id);
    expect(claims['client_id']).toBe(backend.client.id);
    expect(claims['act']).toStrictEqual({ sub: backend.client.id });
  });

  test('is the only grant whose response has issued_token_type', async () => {
    const { response } = await frontend.issued({ grant_type: clientCredentials, scope: 'orders:read' });
    expect(response).not.toHaveProperty('issued_token_type');
  });

  test('narrows the scope to the requested one', async () => {
    const token = await subjectToken();
    const { response, claims } = await backend.issued(exchange(token, { scope: 'orders:read' }));
    expect([response.scope, claims['scope']]).toStrictEqual(['orders:read', 'orders:read']);
  });

  test.each([
    ['  orders:read ', 'orders:read'],
    [' ', 'orders:read orders:create'],
    ['', 'orders:read orders:create'],
  ])('ignores spaces around scope tokens: %j grants %j', async (scope, granted) => {
    const { response } = await backend.issued(exchange(await subjectToken(), { scope }));
    expect(response.scope).toBe(granted);
  });

  test.each(['orders:read admin', 'orders:*', 'orders', 'orders:read\torders:create'])(
    'refuses the scope %j with invalid_scope',
    async (scope) => {
      const error = await backend.refused(exchange(await subjectToken(), { scope }));
      expect(error.code).toBe('invalid_scope');
    },
  );

  test("refuses a scope of the client that the subject token doesn't have with invalid_scope", async () => {
    const narrow = await subjectToken(frontend, 'orders:read');
    const wider = exchange(narrow, { scope: 'orders:create' });
    expect((await backend.refused(wider)).code).toBe('invalid_scope');
  });

  test.each<[string, TokenParameters, string]>([
    ['audience', { audience: stock }, stock],
    ['resource', { resource: stock }, stock],
    ['audience and resource', { audience: stock, resource: stock }, stock],
    ['the stage without audience and resource', {}, stage.issuer],
  ])('issues a token with the aud of %s', async (_, more, aud) => {
    expect((await backend.issued(exchange(await subjectToken(), more))).claims.aud).toBe(aud);
  });

  test('refuses an audience that the client is not registered for with invalid_target', async () => {
    const other = exchange(await subjectToken(), { audience: 'https://other.example.com' });
    expect((await backend.refused(other)).code).toBe('invalid_target');
  });

  describe('with a subject token for another service', () => {
    const tokenForStock = async () => {
      const { response } = await frontend.issued({
        grant_type: clientCredentials,
        scope: 'orders:read',
        resource: stock,
      });
      return response.access_token;
    };

    test('issues a token for that service', async () => {
      const plain = await partner({ grants: [tokenExchange] });
      expect((await plain.issued(exchange(await tokenForStock()))).claims.aud).toBe(stock);
    });

    test('refuses the audience of the stage with invalid_target', async () => {
      const plain = await partner({ grants: [tokenExchange] });
      const widened = exchange(await tokenForStock(), { audience: stage.issuer });
      expect((await plain.refused(widened)).code).toBe('invalid_target');
    });
  });

  test('refuses a scope that the client is not registered for with invalid_scope', async () => {
    const other = await partner({ grants: [tokenExchange], scopes: ['x:y'] });
    expect((await other.refused(exchange(await subjectToken()))).code).toBe('invalid_scope');
  });

  test('refuses a public client, whose id anyone knows, with unauthorized_client', async () => {
    const channel = await partner({ kind: 'sales_channel', grants: [tokenExchange] });
    const { client } = channel;
    const parameters = { ...exchange(await subjectToken()), client_id: client.id };
    const refused = await issueToken({ authorization: undefined, parameters }, stage.tokens);
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('unauthorized_client');
  });

  type Chain = Readonly<{ from: Partner; subject: string; second: string; last: string }>;
  const revoke = (token: string) => stage.revocations.revokeJwt(String(decodeJwt(token).jti), now + 9_999);
  test.each<[string, (chain: Chain) => Promise<unknown>]>([
    ['the first token of its chain is revoked', ({ subject }) => revoke(subject)],
    ['the second token of its chain is revoked', ({ second }) => revoke(second)],
    [
      'all tokens of the first client of its chain are revoked',
      ({ from }) => stage.clients.replace(revokeTokens(from.client)),
    ],
    [
      'the first client of its chain is disabled',
      ({ from }) => stage.clients.replace({ ...from.client, status: 'disabled' }),
    ],
  ])('issues a token that becomes invalid if %s', async (_, end) => {
    const from = await partner();
    const subject = await subjectToken(from, 'orders:read');
    const second = (await backend.issued(exchange(subject))).response.access_token;
    const last = (await third.issued(exchange(second))).response.access_token;
    expect((await stage.verifyToken(last)).ok).toBe(true);
    await end({ from, subject, second, last });
    expect((await stage.verifyToken(last)).ok).toBe(false);
  });

  test('refuses a subject token that expires while the request is processed', async () => {
    const token = await subjectToken();
    const context = { ...stage.tokens, clock: () => now + 7_200 };
    expect((await backend.refused(exchange(token), { context })).code).toBe('invalid_request');
  });

  test('refuses a subject token that expires while the signing keys are read', async () => {
    const token = await subjectToken();
    let time = now;
    const signer = async () => {
      time += 7_200;
      return stage.sign;
    };
    const error = await backend.refused(exchange(token), {
      context: { ...stage.tokens, clock: () => time, signer },
    });
    expect(error.code).toBe('invalid_request');
    expect(error.clientId).toBe(backend.client.id);
  });

  test('issues a token of one second if the subject token expires then', async () => {
    const token = await subjectToken();
    const context = { ...stage.tokens, clock: () => now + 7_199 };
    expect((await backend.issued(exchange(token), { context })).response.expires_in).toBe(1);
  });

  test('refuses the fifth exchange of a chain with invalid_request', async () => {
    let token = await subjectToken(frontend, 'orders:read');
    for (let hop = 0; hop < 4; hop += 1)
      token = (await backend.issued(exchange(token))).response.access_token;
    expect((await backend.refused(exchange(token))).code).toBe('invalid_request');
  });

  test('names each acting client of a chain in act, the last one first', async () => {
    const first = (await backend.issued(exchange(await subjectToken()))).response.access_token;
    const { claims } = await third.issued(exchange(first));
    expect(claims.sub).toBe(frontend.client.id);
    expect(claims['act']).toStrictEqual({ sub: third.client.id, act: { sub: backend.client.id } });
  });

  test('keeps a client in act that exchanges a token of the exchange again', async () => {
    const first = (await backend.issued(exchange(await subjectToken()))).response.access_token;
    const { claims } = await backend.issued(exchange(first, { scope: 'orders:read' }));
    expect(claims.sub).toBe(frontend.client.id);
    expect(claims['act']).toStrictEqual({ sub: backend.client.id });
  });

  test('adds no act for a client that exchanges a token of its own', async () => {
    const own = await partner({ grants: [clientCredentials, tokenExchange] });
    const { claims } = await own.issued(exchange(await subjectToken(own)));
    expect(claims.sub).toBe(own.client.id);
    expect(claims).not.toHaveProperty('act');
  });

  test('keeps the owner of the subject token', async () => {
    const key = await partnerKey();
    const acting = await partner({ grants: [jwtBearer], keys: [key.publicKey] });
    const owner = { type: 'Customer', id: 'c1' };
    const assertion = await jwtBy(key, { iat: now, [claimsName]: { owner, custom_claim: { a: 1 } } });
    const { response } = await acting.issued({ grant_type: jwtBearer, assertion, scope: 'orders:read' });
    const { claims } = await backend.issued(exchange(response.access_token));
    expect(claims['owner']).toStrictEqual(owner);
    expect(claims['custom_claim']).toStrictEqual({ a: 1 });
  });

  test('issues a token that expires with the subject token', async () => {
    const moving = await memoryStage();
    const from = await partner({ tokenLifetime: 600 }, moving);
    const to = await partner({ grants: [tokenExchange] }, moving);
    const { response, claims: held } = await from.issued({
      grant_type: clientCredentials,
      scope: 'orders:read',
    });
    moving.time.now += 100;
    const exchanged = await to.issued(exchange(response.access_token));
    expect(exchanged.response.expires_in).toBe(500);
    expect(exchanged.claims.exp).toBe(held.exp);
  });

  test('issues a token that expires after the lifetime of the client, if that is shorter', async () => {
    const short = await partner({ grants: [tokenExchange], tokenLifetime: 60 });
    expect((await short.issued(exchange(await subjectToken()))).response.expires_in).toBe(60);
  });

  describe('with a bound subject token', () => {
    const boundToken = async () => {
      const key = await partnerKey();
      const { response } = await frontend.issued(
        { grant_type: clientCredentials, scope: 'orders:read' },
        { dpop: await proofOf(key) },
      );
      return { key, parameters: exchange(response.access_token) };
    };

    test('refuses a request without a DPoP proof with invalid_request', async () => {
      const { parameters } = await boundToken();
      expect((await backend.refused(parameters)).code).toBe('invalid_request');
    });

    test('refuses a DPoP proof of another key with invalid_request', async () => {
      const { parameters } = await boundToken();
      const dpop = await proofOf(await partnerKey());
      expect((await backend.refused(parameters, { dpop })).code).toBe('invalid_request');
    });

    test('issues a token that is bound to the same key', async () => {
      const { key, parameters } = await boundToken();
      const { response, claims } = await backend.issued(parameters, { dpop: await proofOf(key) });
      expect(response.token_type).toBe('DPoP');
      expect(claims['cnf']).toStrictEqual({ jkt: await thumbprint(key) });
    });
  });

  const inactive: Readonly<Record<string, (at: Stage) => Promise<string>>> = {
    'is expired': async (at) => {
      const token = await subjectToken(await partner({ tokenLifetime: 60 }, at), 'orders:read');
      at.time.now += 60;
      return token;
    },
    'is revoked': async (at) => {
      const token = await subjectToken(await partner({}, at), 'orders:read');
      await at.revocations.revokeJwt(String(decodeJwt(token).jti), Infinity);
      return token;
    },
    'is of a disabled client': async (at) => {
      const leaving = await partner({}, at);
      const token = await subjectToken(leaving, 'orders:read');
      await at.clients.replace({ ...leaving.client, status: 'disabled' });
      return token;
    },
    'is of another stage': async () =>
      subjectToken(await partner({}, await memoryStage('production')), 'orders:read'),
    'is a session': async (at) => {
      const sessionKey = await at.register({ account: await at.account() });
      const session = await openSession(
        {
          authorization: basic(sessionKey.client.id, sessionKey.secret ?? ''),
          grant_type: 'session',
          expires_in: undefined,
        },
        at.sessionTokens,
      );
      assert.ok(session.ok);
      return session.value.response.ust;
    },
    'is no JWT': async () => 'a.b.c',
    'has another signature': async (at) => {
      const token = await subjectToken(await partner({}, at));
      return `${token.slice(0, -8)}AAAAAAAA`;
    },
  };
  test.each(Object.entries(inactive))(
    'refuses a subject token that %s with invalid_request, and does not repeat it',
    async (_, make) => {
      const moving = await memoryStage();
      const client = await partner({ grants: [tokenExchange] }, moving);
      const token = await make(moving);
      const { code, description } = await client.refused(exchange(token));
      expect(code).toBe('invalid_request');
      expect(description).not.toContain(token);
    },
  );

  const idToken = 'urn:ietf:params:oauth:token-type:id_token';
  test.each<[string, RegExp, (request: TokenParameters) => TokenParameters]>([
    ['a missing subject_token', /^subject_token is missing/, without('subject_token')],
    ['a missing subject_token_type', /^subject_token_type /, without('subject_token_type')],
    [
      'the subject_token_type id_token',
      /^subject_token_type /,
      (request) => ({ ...request, subject_token_type: idToken }),
    ],
    [
      'the requested_token_type id_token',
      /^requested_token_type /,
      (request) => ({ ...request, requested_token_type: idToken }),
    ],
    [
      'an actor_token',
      /^actor_token /,
      ({ subject_token, ...rest }) => ({
        ...rest,
        ...(subject_token !== undefined && { subject_token, actor_token: subject_token }),
      }),
    ],
  ])('refuses %s with invalid_request, and names the parameter', async (_, description, change) => {
    const error = await backend.refused(change(exchange(await subjectToken())));
    expect(error.code).toBe('invalid_request');
    expect(error.description).toMatch(description);
  });

  test('refuses a client that is not registered for it with unauthorized_client', async () => {
    expect((await frontend.refused(exchange(await subjectToken()))).code).toBe('unauthorized_client');
  });

  test('throws Unavailable if the store that the subject token is verified with is unavailable', async () => {
    const context = {
      ...stage.tokens,
      verifyToken: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))),
    };
    await expect(backend.issued(exchange(await subjectToken()), { context })).rejects.toThrow(Unavailable);
  });
});
