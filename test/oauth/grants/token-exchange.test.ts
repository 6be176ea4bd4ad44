import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
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
import type { Partner } from '../partner.ts';
import { basic, memoryStage } from '../stage.ts';

const frontend = await partner({ audiences: [stock] });
const backend = await partner({ grants: [tokenExchange], audiences: [stock] });
const third = await partner({ grants: [tokenExchange], audiences: [stock] });
async function subjectToken(from: Partner = frontend, scope = 'orders:read orders:create') {
  return (await from.issued({ grant_type: clientCredentials, scope })).response.access_token;
}

describe('token exchange', () => {
  const exchange = (subject_token: string, more: TokenParameters = {}): TokenParameters => ({
    grant_type: tokenExchange,
    subject_token,
    subject_token_type: accessTokenType,
    ...more,
  });

  test('gives a token of the same subject to who asks, with issued_token_type', async () => {
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

  test('other grants do not answer with issued_token_type', async () => {
    const { response } = await frontend.issued({ grant_type: clientCredentials, scope: 'orders:read' });
    assert.ok(!('issued_token_type' in response));
  });

  test('narrows the scope, and never widens it', async () => {
    const token = await subjectToken();
    const { response, claims } = await backend.issued(exchange(token, { scope: 'orders:read' }));
    expect([response.scope, claims['scope']]).toStrictEqual(['orders:read', 'orders:read']);
    for (const scope of [
      'orders:read admin',
      'orders:*',
      'orders',
      'orders:read  orders:create',
      ' orders:read',
    ]) {
      assert.equal((await backend.refused(exchange(token, { scope }))).code, 'invalid_scope', scope);
    }
    // Not even by what the client itself may ask for.
    const narrow = await subjectToken(frontend, 'orders:read');
    const wider = exchange(narrow, { scope: 'orders:create' });
    expect((await backend.refused(wider)).code).toBe('invalid_scope');
  });

  test('is for the audience that it names, among those of who asks', async () => {
    const token = await subjectToken();
    for (const more of [{ audience: stock }, { resource: stock }, { audience: stock, resource: stock }]) {
      expect((await backend.issued(exchange(token, more))).claims.aud).toBe(stock);
    }
    expect((await backend.issued(exchange(token))).claims.aud).toBe(stage.issuer);
    const other = exchange(token, { audience: 'https://other.example.com' });
    expect((await backend.refused(other)).code).toBe('invalid_target');
  });

  test('a token for one service does not become one for the stage, or for another service', async () => {
    const { response } = await frontend.issued({
      grant_type: clientCredentials,
      scope: 'orders:read',
      resource: stock,
    });
    const plain = await partner({ grants: [tokenExchange] });
    expect((await plain.issued(exchange(response.access_token))).claims.aud).toBe(stock);
    const widened = exchange(response.access_token, { audience: stage.issuer });
    expect((await plain.refused(widened)).code).toBe('invalid_target');
  });

  test('gives nobody a scope that it is not registered for', async () => {
    const other = await partner({ grants: [tokenExchange], scopes: ['x:y'] });
    expect((await other.refused(exchange(await subjectToken()))).code).toBe('invalid_scope');
  });

  test('is not for public clients, whose id anyone knows', async () => {
    const channel = await partner({ kind: 'sales_channel', grants: [tokenExchange] });
    const { client } = channel;
    const parameters = { ...exchange(await subjectToken()), client_id: client.id };
    const refused = await issueToken({ authorization: undefined, parameters }, stage.tokens);
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('unauthorized_client');
  });

  test('what ends any token of the chain ends the one that came of it', async () => {
    const live = async (token: string) => (await stage.verifyToken(token)).ok;
    const chain = async () => {
      const from = await partner();
      const subject = await subjectToken(from, 'orders:read');
      const second = (await backend.issued(exchange(subject))).response.access_token;
      const last = (await third.issued(exchange(second))).response.access_token;
      expect(await live(last)).toBe(true);
      return { from, subject, second, last };
    };
    for (const which of ['subject', 'second'] as const) {
      const tokens = await chain();
      await stage.revocations.revokeJwt(String(decodeJwt(tokens[which]).jti), now + 9_999);
      assert.ok(!(await live(tokens.last)), `${which} was revoked`);
    }
    const tokens = await chain();
    await stage.clients.replace({ ...tokens.from.client, status: 'disabled' });
    assert.ok(!(await live(tokens.last)), 'the first client was disabled');
  });

  test('is refused where the new token would have to begin after the subject token has run out', async () => {
    const token = await subjectToken();
    const late = await partner({ grants: [tokenExchange] });
    await stage.clients.replace({ ...late.client, tokensValidAfter: now + 7_200 });
    expect((await late.refused(exchange(token))).code).toBe('invalid_request');
  });

  test('goes from service to service four times at most', async () => {
    let token = await subjectToken(frontend, 'orders:read');
    for (let hop = 0; hop < 4; hop += 1)
      token = (await backend.issued(exchange(token))).response.access_token;
    expect((await backend.refused(exchange(token))).code).toBe('invalid_request');
  });

  test('a chain says each of those that act, the last one first', async () => {
    const first = (await backend.issued(exchange(await subjectToken()))).response.access_token;
    const { claims } = await third.issued(exchange(first));
    expect(claims.sub).toBe(frontend.client.id);
    expect(claims['act']).toStrictEqual({ sub: third.client.id, act: { sub: backend.client.id } });
  });

  test('who exchanges its own token again is still said to act', async () => {
    const first = (await backend.issued(exchange(await subjectToken()))).response.access_token;
    const { claims } = await backend.issued(exchange(first, { scope: 'orders:read' }));
    expect(claims.sub).toBe(frontend.client.id);
    expect(claims['act']).toStrictEqual({ sub: backend.client.id });
  });

  test('who exchanges a token of its own acts for nobody', async () => {
    const own = await partner({ grants: [clientCredentials, tokenExchange] });
    const { claims } = await own.issued(exchange(await subjectToken(own)));
    expect(claims.sub).toBe(own.client.id);
    assert.ok(!('act' in claims));
  });

  test('keeps the owner whom the subject token is of', async () => {
    const key = await partnerKey();
    const acting = await partner({ grants: [jwtBearer], keys: [key.publicKey] });
    const owner = { type: 'Customer', id: 'c1' };
    const assertion = await jwtBy(key, { iat: now, [claimsName]: { owner, custom_claim: { a: 1 } } });
    const { response } = await acting.issued({ grant_type: jwtBearer, assertion, scope: 'orders:read' });
    const { claims } = await backend.issued(exchange(response.access_token));
    expect(claims['owner']).toStrictEqual(owner);
    expect(claims['custom_claim']).toStrictEqual({ a: 1 });
  });

  test('never lives longer than the subject token', async () => {
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

  test('nor longer than the client may have it', async () => {
    const short = await partner({ grants: [tokenExchange], tokenLifetime: 60 });
    expect((await short.issued(exchange(await subjectToken()))).response.expires_in).toBe(60);
  });

  test('a bound subject token needs a proof of the same key', async () => {
    const key = await partnerKey();
    const dpop = await proofOf(key);
    const { response } = await frontend.issued(
      { grant_type: clientCredentials, scope: 'orders:read' },
      { dpop },
    );
    const parameters = exchange(response.access_token);
    const unproven = await backend.refused(parameters);
    expect(unproven.code).toBe('invalid_request');
    const other = await backend.refused(parameters, { dpop: await proofOf(await partnerKey()) });
    expect(other.code).toBe('invalid_request');
    const { response: exchanged, claims } = await backend.issued(parameters, { dpop: await proofOf(key) });
    expect(exchanged.token_type).toBe('DPoP');
    expect(claims['cnf']).toStrictEqual({ jkt: await thumbprint(key) });
  });

  test('refuses a subject token that is no live one of this stage', async () => {
    const moving = await memoryStage();
    const to = await partner({ grants: [tokenExchange] }, moving);
    const expired = await subjectToken(await partner({ tokenLifetime: 60 }, moving), 'orders:read');
    const revoked = await subjectToken(await partner({}, moving), 'orders:read');
    const leaving = await partner({}, moving);
    const ofDisabled = await subjectToken(leaving, 'orders:read');
    moving.time.now += 60;
    await moving.revocations.revokeJwt(String(decodeJwt(revoked).jti), Infinity);
    await moving.clients.replace({ ...leaving.client, status: 'disabled' });
    const production = await memoryStage('production');
    const account = await moving.account();
    const sessionKey = await moving.register({ account });
    const session = await openSession(
      {
        authorization: basic(sessionKey.client.id, sessionKey.secret ?? ''),
        grant_type: 'session',
        expires_in: undefined,
      },
      moving.sessionTokens,
    );
    assert.ok(session.ok);

    const bad: Record<string, string> = {
      expired,
      revoked,
      'of a disabled client': ofDisabled,
      'of another stage': await subjectToken(await partner({}, production), 'orders:read'),
      'a session': session.value.response.ust,
      'not a token': 'a.b.c',
      'with another signature': `${(await subjectToken(await partner({}, moving))).slice(0, -8)}AAAAAAAA`,
    };
    for (const [name, token] of Object.entries(bad)) {
      const { code, description } = await to.refused(exchange(token));
      assert.equal(code, 'invalid_request', name);
      assert.ok(!description.includes(token), name);
    }
  });

  test('refuses what it does not support, by the name of the parameter', async () => {
    const token = await subjectToken();
    const idToken = 'urn:ietf:params:oauth:token-type:id_token';
    const { subject_token: _, ...noSubject } = exchange(token);
    const { subject_token_type: __, ...noType } = exchange(token);
    const cases: [RegExp, TokenParameters][] = [
      [/^subject_token is missing/, noSubject],
      [/^subject_token_type /, noType],
      [/^subject_token_type /, exchange(token, { subject_token_type: idToken })],
      [/^requested_token_type /, exchange(token, { requested_token_type: idToken })],
      [/^actor_token /, exchange(token, { actor_token: token })],
    ];
    for (const [description, parameters] of cases) {
      const error = await backend.refused(parameters);
      expect(error.code).toBe('invalid_request');
      expect(error.description).toMatch(description);
    }
  });

  test('is only for clients that it was registered for', async () => {
    expect((await frontend.refused(exchange(await subjectToken()))).code).toBe('unauthorized_client');
  });

  test('a store that cannot tell gives no token', async () => {
    const context = {
      ...stage.tokens,
      verifyToken: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))),
    };
    await expect(backend.issued(exchange(await subjectToken()), { context })).rejects.toThrow(Unavailable);
  });
});
