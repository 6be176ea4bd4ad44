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
/** An assertion in the form of Commerce Layer's programs; undefined leaves a claim out. */
const assertion = (changes: Changes = {}, header: Changes = {}) =>
  jwtBy(key, { iat: now, [claimsName]: actingFor, rand: randomUUID(), ...changes }, header);
const request = async (given: string | Promise<string>, more: TokenParameters = {}) => ({
  grant_type: jwtBearer,
  assertion: await given,
  scope: 'orders:read',
  ...more,
});

describe('jwt-bearer grant', () => {
  test("accepts Commerce Layer's form, without iss, sub, aud and exp, and states the owner", async () => {
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

  test.each<[string, string | string[]]>([
    ['the issuer', stage.issuer],
    ['the token endpoint', `${stage.issuer}/oauth/token`],
    ['a list with the issuer', ['https://a.example.com', stage.issuer]],
  ])('accepts the form of RFC 7523 if aud is %s', async (_, aud) => {
    const its = { iss: acting.client.id, sub: owner.id, aud, exp: now + 60, jti: randomUUID() };
    const { claims } = await acting.issued(await request(assertion(its)));
    expect(claims['owner']).toStrictEqual(owner);
  });

  test('copies nothing of an assertion into the token but owner and custom_claim', async () => {
    const more = { [claimsName]: { owner: { ...owner, admin: true }, scope: 'admin', sub: 'root' } };
    const { claims } = await acting.issued(
      await request(assertion({ ...more, scope: 'admin', test: false, act: { sub: 'root' } })),
    );
    expect(claims['owner']).toStrictEqual(owner);
    expect(claims['scope']).toBe('orders:read');
    expect(claims.sub).toBe(acting.client.id);
    expect(claims['test']).toBe(true);
    expect(claims).not.toHaveProperty('act');
    expect(claims).not.toHaveProperty('custom_claim');
  });

  test.each([
    ['owner', { owner: null, custom_claim: { tier: 3 } }, { custom_claim: { tier: 3 } }],
    ['custom_claim', { owner, custom_claim: null }, { owner }],
  ])('reads %s as absent if it is null', async (member, stated, expected) => {
    const { claims } = await acting.issued(await request(assertion({ [claimsName]: stated })));
    expect(claims).toMatchObject(expected);
    expect(claims).not.toHaveProperty(member);
  });

  test('does not let custom_claim replace a claim of the token', async () => {
    const custom_claim = { iss: 'https://evil.example.com', owner: { type: 'Admin', id: '1' } };
    const { claims } = await acting.issued(
      await request(assertion({ [claimsName]: { owner, custom_claim } })),
    );
    expect(claims.iss).toBe(stage.issuer);
    expect(claims['owner']).toStrictEqual(owner);
    expect(claims['custom_claim']).toStrictEqual(custom_claim);
  });

  test.each<[string, Changes]>([
    ['an iat 310 s ago, which is 300 s by a clock that is 10 s off', { iat: now - 310 }],
    ['an iat in 10 s', { iat: now + 10 }],
    ['an exp in 310 s, which is 300 s by a clock that is 10 s off', { exp: now + 310 }],
    ['an exp 9 s ago', { exp: now - 9 }],
  ])('accepts %s', async (_, changes) => {
    const { claims } = await acting.issued(await request(assertion(changes)));
    expect(claims['owner']).toStrictEqual(owner);
  });

  const unsigned = (alg: string) =>
    rawJws({ alg, kid: key.publicKey.kid }, { iat: now, [claimsName]: actingFor }, () => '');
  const refused: Record<string, () => string | Promise<string>> = {
    'an assertion with alg none': () => unsigned('none'),
    'an assertion with alg ES256 and no signature': () => unsigned('ES256'),
    'a key that is not registered': () => jwtBy(strangersKey, { iat: now, [claimsName]: actingFor }),
    'a key that is not registered and no kid': () =>
      jwtBy(strangersKey, { iat: now, [claimsName]: actingFor }, { kid: undefined }),
    'the typ of an access token': () => assertion({}, { typ: 'at+jwt' }),
    'a missing iat': () => assertion({ iat: undefined }),
    'an iat 311 s ago': () => assertion({ iat: now - 311 }),
    'an iat in 11 s': () => assertion({ iat: now + 11 }),
    'an exp 10 s ago': () => assertion({ exp: now - 10 }),
    'an exp in 311 s': () => assertion({ exp: now + 311 }),
    'an nbf in 11 s': () => assertion({ nbf: now + 11 }),
    'another iss': () => assertion({ iss: 'another' }),
    'a sub that is neither the client nor the owner': () => assertion({ sub: 'root' }),
    'the aud of another stage': () => assertion({ aud: 'https://production.example.com' }),
    'an empty list of aud': () => assertion({ aud: [] }),
    'a missing claim of Commerce Layer': () => assertion({ [claimsName]: undefined }),
    'a missing owner': () => assertion({ [claimsName]: { custom_claim: {} } }),
    'an owner and a custom_claim that are null': () =>
      assertion({ [claimsName]: { owner: null, custom_claim: null } }),
    'an owner without id': () => assertion({ [claimsName]: { owner: { type: 'Customer' } } }),
    'an owner with an empty id': () => assertion({ [claimsName]: { owner: { type: 'Customer', id: '' } } }),
    'an owner without type': () => assertion({ [claimsName]: { owner: { id: '1' } } }),
    'an owner that is a string': () => assertion({ [claimsName]: { owner: 'Customer 1' } }),
    'a custom_claim that is no object': () => assertion({ [claimsName]: { owner, custom_claim: 'vip' } }),
    'an assertion of more than 4096 characters': () =>
      assertion({ [claimsName]: { owner, custom_claim: { a: 'x'.repeat(4_096) } } }),
    'a string that is no JWT': () => 'garbage',
    'a jti that is no string': () => assertion({ jti: { toString: 1, valueOf: 1 } }),
  };
  test.each(Object.entries(refused))('refuses %s with invalid_grant', async (_, make) => {
    expect((await acting.refused(await request(make()))).code).toBe('invalid_grant');
  });

  test('refuses a request without an assertion with invalid_request', async () => {
    expect((await acting.refused({ grant_type: jwtBearer })).code).toBe('invalid_request');
  });

  test.each<[string, Changes]>([
    ['without jti', {}],
    ['with a jti', { jti: randomUUID() }],
  ])('refuses an assertion %s that was used before (assertion_replayed)', async (_, changes) => {
    const parameters = await request(assertion(changes));
    await acting.issued(parameters);
    const { code, reason } = await acting.refused(parameters);
    expect([code, reason]).toStrictEqual(['invalid_grant', 'assertion_replayed']);
  });

  test('issues a token to exactly one of 10 concurrent requests with one assertion', async () => {
    const parameters = await request(assertion());
    const responses = await Promise.all(
      Array.from({ length: 10 }, () =>
        issueToken({ authorization: acting.authorization, parameters }, stage.tokens),
      ),
    );
    expect(responses.filter(({ ok }) => ok).length).toBe(1);
  });

  test('refuses a used assertion for as long as it could be accepted, and beyond', async () => {
    const moving = await memoryStage();
    const its = await partner({ grants: [jwtBearer], keys: [key.publicKey] }, moving);
    const parameters = await request(assertion({ iat: now + 10 }));
    await its.issued(parameters);
    const codes = [];
    for (moving.time.now = now + 315; moving.time.now <= now + 325; moving.time.now += 1) {
      codes.push((await its.refused(parameters)).code);
    }
    expect(codes).toStrictEqual(Array<string>(11).fill('invalid_grant'));
  });

  test('does not mark the assertion of a request that is refused for another reason as used', async () => {
    const given = await assertion();
    expect((await acting.refused(await request(given, { scope: 'admin' }))).code).toBe('invalid_scope');
    expect((await acting.refused(await request(given, { audience: stock }))).code).toBe('invalid_target');
    await acting.issued(await request(given));
  });

  test('refuses a client that is not registered for it with unauthorized_client', async () => {
    const plain = await partner({ keys: [key.publicKey] });
    expect((await plain.refused(await request(assertion()))).code).toBe('unauthorized_client');
  });

  test('throws Unavailable if the store of used assertions is unavailable', async () => {
    const replays = { firstUse: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))) };
    const context = { ...stage.tokens, replays };
    await expect(acting.issued(await request(assertion()), { context })).rejects.toThrow(Unavailable);
  });
});
