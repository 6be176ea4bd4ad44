import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import type { TokenParameters } from '../../../src/oauth/grant.ts';
import { issueToken } from '../../../src/oauth/token-request.ts';
import { Unavailable } from '../../../src/unavailable.ts';
import { jwtBy, partnerKey, rawJws } from '../client-keys.ts';
import { claimsName, clientCredentials, jwtBearer, now, partner, stage, stock } from '../partner.ts';
import type { Changes } from '../partner.ts';
import { memoryStage } from '../stage.ts';

const key = await partnerKey();
const strangersKey = await partnerKey();
const acting = await partner({ grants: [clientCredentials, jwtBearer], keys: [key.publicKey] });
const owner = { type: 'Customer', id: 'fdgt56hh' };
const actingFor = { owner, custom_claim: { segment: 'vip', tier: 3 } };
/** As Commerce Layer's programs make it; undefined leaves a claim out. */
const assertion = (changes: Changes = {}, header: Changes = {}) =>
  jwtBy(key, { iat: now, [claimsName]: actingFor, rand: randomUUID(), ...changes }, header);
const request = async (given: string | Promise<string>, more: TokenParameters = {}) => ({
  grant_type: jwtBearer,
  assertion: await given,
  scope: 'orders:read',
  ...more,
});

describe('jwt-bearer', () => {
  test("takes Commerce Layer's form, without iss, sub, aud and exp, and states the owner", async () => {
    const { response, claims } = await acting.issued(await request(assertion()));
    expect(claims['owner']).toStrictEqual(owner);
    expect(claims['custom_claim']).toStrictEqual({ segment: 'vip', tier: 3 });
    expect(claims.sub).toBe(acting.client.id);
    expect(claims['client_id']).toBe(acting.client.id);
    expect(claims['scope']).toBe('orders:read');
    const { access_token: _, ...rest } = response;
    expect(rest).toStrictEqual({
      token_type: 'bearer',
      expires_in: 7_200,
      scope: 'orders:read',
      created_at: now,
    });
  });

  test('takes the form of RFC 7523, each aud that is meant for the stage', async () => {
    for (const aud of [
      stage.issuer,
      `${stage.issuer}/oauth/token`,
      ['https://a.example.com', stage.issuer],
    ]) {
      const its = { iss: acting.client.id, sub: owner.id, aud, exp: now + 60, jti: randomUUID() };
      const { claims } = await acting.issued(await request(assertion(its)));
      expect(claims['owner']).toStrictEqual(owner);
    }
  });

  test('states nothing of an assertion but owner and custom_claim', async () => {
    const more = { [claimsName]: { owner: { ...owner, admin: true }, scope: 'admin', sub: 'root' } };
    const { claims } = await acting.issued(
      await request(assertion({ ...more, scope: 'admin', test: false, act: { sub: 'root' } })),
    );
    expect(claims['owner']).toStrictEqual(owner);
    expect(claims['scope']).toBe('orders:read');
    expect(claims.sub).toBe(acting.client.id);
    expect(claims['test']).toBe(true);
    assert.ok(!('act' in claims) && !('custom_claim' in claims));
  });

  test('custom_claim cannot stand in for a claim of ours', async () => {
    const custom_claim = { iss: 'https://evil.example.com', owner: { type: 'Admin', id: '1' } };
    const { claims } = await acting.issued(
      await request(assertion({ [claimsName]: { owner, custom_claim } })),
    );
    expect(claims.iss).toBe(stage.issuer);
    expect(claims['owner']).toStrictEqual(owner);
    expect(claims['custom_claim']).toStrictEqual(custom_claim);
  });

  const fresh: Record<string, Changes> = {
    'an iat 300 s ago by a clock that is 10 s off': { iat: now - 310 },
    'an iat 10 s ahead': { iat: now + 10 },
    'an end 300 s ahead by a clock that is 10 s off': { exp: now + 310 },
    'an end 9 s ago': { exp: now - 9 },
  };
  for (const [name, changes] of Object.entries(fresh)) {
    test(`takes ${name}`, async () => {
      const { claims } = await acting.issued(await request(assertion(changes)));
      expect(claims['owner']).toStrictEqual(owner);
    });
  }

  const unsigned = (alg: string) =>
    rawJws({ alg, kid: key.publicKey.kid }, { iat: now, [claimsName]: actingFor }, () => '');
  const refused: Record<string, () => string | Promise<string>> = {
    'one that is unsigned': () => unsigned('none'),
    'one that is unsigned and says ES256': () => unsigned('ES256'),
    'one of a key that is not registered': () => jwtBy(strangersKey, { iat: now, [claimsName]: actingFor }),
    'one of such a key without kid': () =>
      jwtBy(strangersKey, { iat: now, [claimsName]: actingFor }, { kid: undefined }),
    'an access token': () => assertion({}, { typ: 'at+jwt' }),
    'one without iat': () => assertion({ iat: undefined }),
    'a stale one': () => assertion({ iat: now - 311 }),
    'one of the future': () => assertion({ iat: now + 11 }),
    'one that has expired': () => assertion({ exp: now - 10 }),
    'one that lives too long': () => assertion({ exp: now + 311 }),
    'one that is not yet valid': () => assertion({ nbf: now + 11 }),
    'another iss': () => assertion({ iss: 'another' }),
    'a sub that is neither the client nor the owner': () => assertion({ sub: 'root' }),
    'another aud': () => assertion({ aud: 'https://production.example.com' }),
    'an empty list of aud': () => assertion({ aud: [] }),
    'none of the claims': () => assertion({ [claimsName]: undefined }),
    'no owner': () => assertion({ [claimsName]: { custom_claim: {} } }),
    'an owner without id': () => assertion({ [claimsName]: { owner: { type: 'Customer' } } }),
    'an owner with an empty id': () => assertion({ [claimsName]: { owner: { type: 'Customer', id: '' } } }),
    'an owner without type': () => assertion({ [claimsName]: { owner: { id: '1' } } }),
    'an owner that is a text': () => assertion({ [claimsName]: { owner: 'Customer 1' } }),
    'a custom_claim that is no object': () => assertion({ [claimsName]: { owner, custom_claim: 'vip' } }),
    'one over 4 KB': () => assertion({ [claimsName]: { owner, custom_claim: { a: 'x'.repeat(4_096) } } }),
    garbage: () => 'garbage',
  };
  for (const [name, make] of Object.entries(refused)) {
    test(`refuses ${name}`, async () => {
      expect((await acting.refused(await request(make()))).code).toBe('invalid_grant');
    });
  }

  test('needs an assertion', async () => {
    expect((await acting.refused({ grant_type: jwtBearer })).code).toBe('invalid_request');
  });

  test('an assertion is used once, with a jti and without', async () => {
    for (const changes of [{}, { jti: randomUUID() }]) {
      const parameters = await request(assertion(changes));
      await acting.issued(parameters);
      const { code, reason } = await acting.refused(parameters);
      expect([code, reason]).toStrictEqual(['invalid_grant', 'assertion_replayed']);
    }
  });

  test('of many requests at the same time exactly one wins', async () => {
    const parameters = await request(assertion());
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        issueToken({ authorization: acting.authorization, parameters }, stage.tokens),
      ),
    );
    expect(answers.filter(({ ok }) => ok).length).toBe(1);
  });

  test('is remembered for as long as it is fresh', async () => {
    const moving = await memoryStage();
    const its = await partner({ grants: [jwtBearer], keys: [key.publicKey] }, moving);
    const parameters = await request(assertion({ iat: now + 10 }));
    await its.issued(parameters);
    for (moving.time.now = now + 315; moving.time.now <= now + 325; moving.time.now += 1) {
      assert.equal((await its.refused(parameters)).code, 'invalid_grant', `at ${moving.time.now - now} s`);
    }
  });

  test('a jti that is no text cannot make the server fail', async () => {
    const odd = request(assertion({ jti: { toString: 1, valueOf: 1 } }));
    expect((await acting.refused(await odd)).code).toBe('invalid_grant');
  });

  test('a request that fails for another reason does not use the assertion up', async () => {
    const given = await assertion();
    expect((await acting.refused(await request(given, { scope: 'admin' }))).code).toBe('invalid_scope');
    expect((await acting.refused(await request(given, { audience: stock }))).code).toBe('invalid_target');
    await acting.issued(await request(given));
  });

  test('is only for clients that it was registered for', async () => {
    const plain = await partner({ keys: [key.publicKey] });
    expect((await plain.refused(await request(assertion()))).code).toBe('unauthorized_client');
  });

  test('a store that cannot tell gives no token', async () => {
    const replays = { firstUse: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))) };
    const context = { ...stage.tokens, replays };
    await expect(acting.issued(await request(assertion()), { context })).rejects.toThrow(Unavailable);
  });
});
