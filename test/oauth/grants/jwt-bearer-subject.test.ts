import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import type { TokenParameters } from '../../../src/oauth/grant.ts';
import { issueToken } from '../../../src/oauth/token-request.ts';
import { jwtBy, partnerKey, rawJws } from '../client-keys.ts';
import {
  claimsName,
  clientCredentials,
  jwtBearer,
  now,
  partner,
  proofOf,
  stage,
  tokenExchange,
} from '../partner.ts';
import type { Changes } from '../partner.ts';
import { memoryStage } from '../stage.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const key = await partnerKey();
const strangersKey = await partnerKey();
const grants = [clientCredentials, jwtBearer, tokenExchange];
const acting = await partner({ grants, keys: [key.publicKey], subjects: ['customer-*', 'ada@example.com'] });
const alone = await partner({ grants, keys: [key.publicKey] });
const { client } = acting;

/** An assertion in the form of RFC 7523 §3; undefined leaves a claim out. */
const assertion = (changes: Changes = {}, header: Changes = {}) =>
  jwtBy(
    key,
    {
      iss: client.id,
      sub: 'customer-7',
      aud: stage.issuer,
      exp: now + 60,
      jti: randomUUID(),
      ...changes,
    },
    header,
  );
const request = async (given: string | Promise<string>, more: TokenParameters = {}) => ({
  grant_type: jwtBearer,
  assertion: await given,
  scope: 'orders:read',
  ...more,
});

/** The result of a request without an Authorization header. */
const withoutHeader = (parameters: TokenParameters, dpop?: string, at = stage) =>
  issueToken({ authorization: undefined, dpop, parameters }, at.tokens);
async function issued(parameters: TokenParameters) {
  const result = await withoutHeader(parameters);
  assert.ok(result.ok, JSON.stringify(result));
  return decodeJwt(result.value.response.access_token);
}
async function refused(parameters: TokenParameters, at = stage) {
  const result = await withoutHeader(parameters, undefined, at);
  assert.ok(!result.ok, 'must be refused');
  return result.error;
}

describe('jwt-bearer grant, form of RFC 7523, client that authenticates', () => {
  test('issues a token whose principal is the sub, and names the client', async () => {
    const { claims } = await acting.issued(await request(assertion()));
    expect(claims.sub).toBe('customer-7');
    expect(claims['client_id']).toBe(client.id);
    expect(claims['application']).toMatchObject({ id: client.id, confidential: true });
    expect(claims).not.toHaveProperty('owner');
  });

  test.each([
    ['a subject that is registered exactly', { sub: 'ada@example.com' }],
    ['its own id', { sub: client.id }],
    ['no aud', { aud: undefined }],
    ['the token endpoint as aud', { aud: `${stage.issuer}/oauth/token` }],
    ['an exp in an hour', { exp: now + 3_600 }],
    ['an exp with a fraction of a second', { exp: now + 60.5 }],
    ['no jti', { jti: undefined }],
    ['an iat of a day ago', { iat: now - 86_400 }],
  ])('accepts %s', async (_case, changes) => {
    const { claims } = await acting.issued(await request(assertion(changes)));
    expect(claims.sub).toBe('sub' in changes ? changes.sub : 'customer-7');
  });

  const refusals: Record<string, () => string | Promise<string>> = {
    'a subject that is not registered': () => assertion({ sub: 'root' }),
    'a subject that is only the prefix of its pattern': () => assertion({ sub: 'customer-' }),
    'a subject that an exact one begins with': () => assertion({ sub: 'ada@example.com.evil' }),
    'a subject with a line break': () => assertion({ sub: 'customer-\n' }),
    'a subject of more than 255 characters': () => assertion({ sub: `customer-${'x'.repeat(255)}` }),
    'a subject that is no string': () => assertion({ sub: 7 }),
    'a missing sub': () => assertion({ sub: undefined }),
    'a missing iss': () => assertion({ iss: undefined }),
    'another iss': () => assertion({ iss: alone.client.id }),
    'a missing exp': () => assertion({ exp: undefined }),
    'an exp 10 s ago': () => assertion({ exp: now - 10 }),
    'an exp in more than an hour': () => assertion({ exp: now + 3_611 }),
    'an iat in 11 s': () => assertion({ iat: now + 11 }),
    'an nbf in 11 s': () => assertion({ nbf: now + 11 }),
    'another aud': () => assertion({ aud: 'https://other.example.com' }),
    'a jti that is no string': () => assertion({ jti: 7 }),
    'the typ of an access token': () => assertion({}, { typ: 'at+jwt' }),
    'a key that is not registered': () =>
      jwtBy(strangersKey, { iss: client.id, sub: 'customer-7', aud: stage.issuer, exp: now + 60 }),
    'an HS512 signature': () =>
      rawJws({ alg: 'HS512', typ: 'JWT' }, { iss: client.id, sub: client.id, exp: now + 60 }, () => 'x'),
    'an HS512 signature and an owner': () =>
      rawJws(
        { alg: 'HS512', typ: 'JWT' },
        { iat: now, [claimsName]: { owner: { type: 'User', id: '1' } } },
        () => 'x',
      ),
  };
  test.each(Object.entries(refusals))('refuses %s with invalid_grant', async (_case, make) => {
    expect((await acting.refused(await request(make()))).code).toBe('invalid_grant');
  });

  test('acts for itself alone if no subjects are registered', async () => {
    const iss = alone.client.id;
    const { claims } = await alone.issued(await request(assertion({ iss, sub: iss })));
    expect(claims.sub).toBe(iss);
    const { code } = await alone.refused(await request(assertion({ iss, sub: 'customer-7' })));
    expect(code).toBe('invalid_grant');
  });

  test('refuses a subject that is another client, although a pattern matches it', async () => {
    const any = await partner({ grants, keys: [key.publicKey], subjects: ['*'] });
    const iss = any.client.id;
    const { claims } = await any.issued(await request(assertion({ iss, sub: 'somebody' })));
    expect(claims.sub).toBe('somebody');
    const { code, reason } = await any.refused(await request(assertion({ iss, sub: client.id })));
    expect([code, reason]).toStrictEqual(['invalid_grant', 'subject_is_a_client']);
  });

  test.each([
    ['customer-7', true],
    ['root', false],
  ])(
    'limits the owner %s in the form of Commerce Layer to the registered subjects',
    async (id, isAllowed) => {
      const stated = { iat: now, jti: randomUUID(), [claimsName]: { owner: { type: 'Customer', id } } };
      const parameters = await request(jwtBy(key, stated));
      const result = await issueToken({ authorization: acting.authorization, parameters }, stage.tokens);
      expect(result.ok).toBe(isAllowed);
    },
  );

  test('keeps the principal when the token is exchanged', async () => {
    const { response } = await acting.issued(await request(assertion()));
    const { claims } = await acting.issued({
      grant_type: tokenExchange,
      subject_token: response.access_token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    });
    expect(claims.sub).toBe('customer-7');
  });

  test('issues a token to one of 5 concurrent requests with one assertion', async () => {
    const parameters = await request(assertion());
    const results = await Promise.all(
      Array.from({ length: 5 }, () =>
        issueToken({ authorization: acting.authorization, parameters }, stage.tokens),
      ),
    );
    expect(results.filter(({ ok }) => ok).length).toBe(1);
  });

  test('refuses a used assertion until it has expired, and after that', async () => {
    const moving = await memoryStage();
    const its = await partner({ grants, keys: [key.publicKey], subjects: ['customer-*'] }, moving);
    const parameters = await request(assertion({ iss: its.client.id, aud: moving.issuer, exp: now + 20 }));
    await its.issued(parameters);
    const codes = [];
    for (moving.time.now = now; moving.time.now <= now + 40; moving.time.now += 1) {
      codes.push((await its.refused(parameters)).code);
    }
    expect(new Set(codes)).toStrictEqual(new Set(['invalid_grant']));
  });
});

describe('jwt-bearer grant, client that does not authenticate', () => {
  test.each<[string, TokenParameters]>([
    ['without client_id', {}],
    ['with its client_id', { client_id: client.id }],
  ])('issues a token to the client that iss names, %s', async (_case, more) => {
    const claims = await issued(await request(assertion(), more));
    expect(claims.sub).toBe('customer-7');
    expect(claims['client_id']).toBe(client.id);
    expect(claims['application']).toMatchObject({ public: false, confidential: false });
  });

  const sameResponse: Record<string, () => Promise<TokenParameters>> = {
    'an iss that is unknown': () => request(assertion({ iss: 'unknown' })),
    'a signature of another key': () =>
      request(jwtBy(strangersKey, { iss: client.id, sub: client.id, aud: stage.issuer, exp: now + 60 })),
    'the client_id of another client': () => request(assertion(), { client_id: alone.client.id }),
    'a client_id that is unknown': () => request(assertion(), { client_id: 'unknown' }),
    'a missing iss': () => request(assertion({ iss: undefined }), { client_id: client.id }),
    'an iss that is no string': () => request(assertion({ iss: [client.id] })),
    'an iss of more than 128 characters': () => request(assertion({ iss: 'x'.repeat(129) })),
    'a string that is no JWT': () => request('a.b.c', { client_id: client.id }),
    'a disabled client': async () => {
      const disabled = await partner({ grants, keys: [key.publicKey] });
      await stage.clients.replace({ ...disabled.client, status: 'disabled' });
      const iss = disabled.client.id;
      return request(assertion({ iss, sub: iss }));
    },
    'a client without a key': async () => {
      const { id } = (await partner()).client;
      return request(assertion({ iss: id, sub: id }));
    },
  };
  test.each(Object.entries(sameResponse))('refuses %s, in the same words', async (_case, make) => {
    const { code, description } = await refused(await make());
    expect([code, description]).toStrictEqual([
      'invalid_grant',
      'The assertion is not valid: it must be a JWT of at most 4096 bytes, signed with a key that is registered for this client.',
    ]);
  });

  test.each<[string, Changes]>([
    ['a missing aud', { aud: undefined }],
    ['an aud of another server', { aud: 'https://other.example.com' }],
    ['an empty list as aud', { aud: [] }],
    ['a missing exp', { exp: undefined }],
    ['an exp a minute ago', { exp: now - 60 }],
    ['a subject that is not registered', { sub: 'root' }],
    [
      'an owner in the form of Commerce Layer without aud',
      { aud: undefined, iat: now, [claimsName]: { owner: { type: 'User', id: 'customer-7' } } },
    ],
  ])('refuses %s with invalid_grant', async (_case, changes) => {
    expect((await refused(await request(assertion(changes)))).code).toBe('invalid_grant');
  });

  test('refuses a client that is not registered for the grant with unauthorized_client', async () => {
    const { id } = (await partner({ keys: [key.publicKey] })).client;
    const { code } = await refused(await request(assertion({ iss: id, sub: id })));
    expect(code).toBe('unauthorized_client');
  });

  test('refuses a request without an assertion with invalid_request', async () => {
    expect((await refused({ grant_type: jwtBearer, client_id: client.id })).code).toBe('invalid_request');
  });

  test('refuses an assertion that was used with authentication', async () => {
    const parameters = await request(assertion());
    await acting.issued(parameters);
    expect((await refused(parameters)).reason).toBe('assertion_replayed');
  });

  test('refuses an assertion that authenticated a client', async () => {
    const given = await assertion({ sub: client.id });
    const authenticated = await withoutHeader({
      grant_type: clientCredentials,
      client_assertion: given,
      client_assertion_type: assertionType,
      scope: 'orders:read',
    });
    assert.ok(authenticated.ok, JSON.stringify(authenticated));
    expect(await refused(await request(given))).toMatchObject({
      code: 'invalid_grant',
      reason: 'assertion_replayed',
    });
  });

  test('refuses an assertion that expired, and says so to the holder of the key', async () => {
    const { description } = await refused(await request(assertion({ exp: now - 60 })));
    expect(description).toBe('The assertion has expired: its exp is in the past.');
  });

  test('says nothing of an assertion that expired if the client is disabled', async () => {
    const disabled = await partner({ grants, keys: [key.publicKey] });
    await stage.clients.replace({ ...disabled.client, status: 'disabled' });
    const iss = disabled.client.id;
    const { description } = await refused(await request(assertion({ iss, sub: iss, exp: now - 60 })));
    expect(description).toMatch(/^The assertion is not valid: it must be a JWT/);
  });

  describe('under FAPI 2.0', () => {
    test('is refused with invalid_client', async () => {
      const fapi = await stage.register({ grants, keys: [key.publicKey], fapi: true });
      const iss = fapi.client.id;
      expect(await refused(await request(assertion({ iss, sub: iss })))).toMatchObject({
        code: 'invalid_client',
        description: 'A client under FAPI 2.0 must authenticate.',
        reason: 'fapi_client_unauthenticated',
      });
    });

    test('is refused like any other client if its key has not signed the assertion', async () => {
      const fapi = await stage.register({ grants, keys: [key.publicKey], fapi: true });
      const iss = fapi.client.id;
      const forged = jwtBy(strangersKey, { iss, sub: iss, aud: stage.issuer, exp: now + 60 });
      expect(await refused(await request(forged))).toMatchObject({ code: 'invalid_grant' });
    });

    test('gets a token if it authenticates with another assertion', async () => {
      const fapi = await stage.register({ grants, keys: [key.publicKey], fapi: true });
      const iss = fapi.client.id;
      const result = await withoutHeader(
        await request(assertion({ iss, sub: iss }), {
          client_assertion: await assertion({ iss, sub: iss }),
          client_assertion_type: assertionType,
        }),
        await proofOf(key),
      );
      expect(result.ok && result.value.response.token_type).toBe('DPoP');
    });
  });

  test('refuses a wrong secret with invalid_client, although the assertion is valid', async () => {
    const { code } = await refused(await request(assertion(), { client_id: client.id, client_secret: 'x' }));
    expect(code).toBe('invalid_client');
  });

  test('demands a DPoP proof of a client whose tokens must be bound', async () => {
    const bound = await partner({ grants, keys: [key.publicKey], dpopBoundAccessTokens: true });
    const iss = bound.client.id;
    const without = await refused(await request(assertion({ iss, sub: iss })));
    expect(without.code).toBe('invalid_dpop_proof');
    const result = await withoutHeader(await request(assertion({ iss, sub: iss })), await proofOf(key));
    expect(result.ok && result.value.response.token_type).toBe('DPoP');
  });

  test.each([clientCredentials, tokenExchange])(
    'does not identify the client of another grant: %s',
    async (grant_type) => {
      const { code } = await refused({ ...(await request(assertion())), grant_type });
      expect(code).toBe('invalid_client');
    },
  );
});
