import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { createJwtAuthorizer } from '../../local/api-gateway/jwt-authorizer.ts';
import { authorizedApi, echo } from './authorized-api.ts';
import { fixtureFunctions } from './fixture-function.ts';
import { seconds, startIssuer } from './issuer.ts';

async function protectedApi(scopes: readonly string[] = ['read', 'write']) {
  const issuer = await startIssuer();
  const authorizer = await createJwtAuthorizer({
    issuer: issuer.url,
    audience: ['the-api'],
    identitySource: '$request.header.Authorization',
  });
  const get = await authorizedApi({ functions: fixtureFunctions({ echo }), authorizer, scopes });
  return { ...issuer, get };
}

test('lets a token through, with or without its scheme, and hands its claims on as strings', async () => {
  const { get, sign } = await protectedApi();
  const token = await sign({
    scope: 'write other',
    exp: 4_000_000_000,
    iat: 1_000_000_000,
    test: true,
    market: { id: ['a', 'b'], code: 'c' },
    list: ['x', 1],
  });
  for (const authorization of [token, `Bearer ${token}`, `bEaReR ${token}`]) {
    const { status, body } = await get('/things/1', authorization);
    expect(status).toBe(200);
    const { iss, ...claims } = body.requestContext.authorizer.jwt.claims;
    expect(iss).toMatch(/^http:/);
    expect(claims).toStrictEqual({
      aud: 'the-api',
      scope: 'write other',
      exp: '4000000000',
      iat: '1000000000',
      test: 'true',
      market: 'map[code:c id:[a b]]',
      list: '[x 1]',
    });
    expect(body.requestContext.authorizer.jwt.scopes).toStrictEqual(['write']);
  }
});

test('a route without scopes takes any token, and says null', async () => {
  const { get, sign } = await protectedApi([]);
  const { status, body } = await get('/things/1', await sign({}));
  expect(status).toBe(200);
  expect(body.requestContext.authorizer.jwt.scopes).toBe(null);
});

test('answers 401 without a token', async () => {
  const { get } = await protectedApi();
  const missing = await get('/things/1');
  expect(missing).toStrictEqual({ status: 401, challenge: 'Bearer', body: { message: 'Unauthorized' } });
});

test('answers 403 without a scope, and reads scp as well', async () => {
  const { get, sign } = await protectedApi();
  const refused = await get('/things/1', await sign({ scope: 'reader' }));
  expect(refused.status).toBe(403);
  expect(refused.body).toStrictEqual({ message: 'Forbidden' });
  expect(refused.challenge ?? '').toMatch(/^Bearer scope="read write" error="insufficient_scope"/);
  expect((await get('/things/1', await sign({ scp: ['read'] }))).status).toBe(200);
});

const bad: readonly [string, Record<string, unknown>, string][] = [
  ['that ran out', { exp: seconds(-1) }, 'the token has expired'],
  ['that never runs out', { exp: null }, 'the token has expired'],
  ['that is not valid yet', { nbf: seconds(60) }, 'the token is not valid yet'],
  ['issued in the future', { iat: seconds(60) }, 'the token was issued in the future'],
  ['of another issuer', { iss: 'https://other.example' }, 'the token does not have a valid issuer'],
  ['for another audience', { aud: ['other'] }, 'the token does not have a valid audience'],
  [
    'whose client_id is right but whose aud is not',
    { aud: 'other', client_id: 'the-api' },
    'the token does not have a valid audience',
  ],
];
for (const [what, claims, description] of bad) {
  test(`refuses a token ${what}`, async () => {
    const { get, sign } = await protectedApi();
    expect(await get('/things/1', await sign({ scope: 'read', ...claims }))).toStrictEqual({
      status: 401,
      challenge: `Bearer scope="read write" error="invalid_token" error_description="${description}"`,
      body: { message: 'Unauthorized' },
    });
  });
}

test('takes client_id where there is no aud', async () => {
  const { get, sign } = await protectedApi();
  const token = await sign({ scope: 'read', aud: null, client_id: 'the-api' });
  expect((await get('/things/1', token)).status).toBe(200);
});

test('refuses what is signed by another key or not by RSA, and what is no token', async () => {
  const { get, sign } = await protectedApi();
  const { sign: signElsewhere } = await startIssuer();
  const token = await sign({ scope: 'read' });
  const stranger = await signElsewhere({ scope: 'read', iss: 'x' });
  for (const [authorization, description] of [
    [await sign({ scope: 'read' }, { alg: 'ES256' }), 'the signing method is invalid'],
    [stranger, 'the token has an invalid signature'],
    [`${token}, ${token}`, 'the token is malformed'],
    ['Basic abc', 'the token is malformed'],
  ]) {
    const { status, challenge } = await get('/things/1', authorization);
    expect(status).toBe(401);
    assert.ok(challenge?.endsWith(`error_description="${description}"`), challenge ?? '');
  }
});

test('reads the keys once, and again for an unknown one, but not each time', async () => {
  const { get, sign, requests } = await protectedApi();
  const token = await sign({ scope: 'read' });
  await get('/things/1', token);
  await get('/things/1', token);
  for (let call = 0; call < 3; call += 1) {
    const { challenge } = await get('/things/1', await sign({ scope: 'read' }, { kid: 'unknown' }));
    expect(challenge ?? '').toMatch(/no key of the issuer fits the token/);
  }
  assert.ok(requests.filter((url) => url === '/keys').length <= 2, requests.join(' '));
});

const create = (issuer: string) =>
  createJwtAuthorizer({ issuer, audience: [], identitySource: '$request.header.Authorization' });

test('is not created for an issuer without a discovery document', async () => {
  const { url } = await startIssuer();
  await expect(create(`${url}/elsewhere`)).rejects.toThrow(
    /no discovery document at .*openid-configuration \(status 404\)/,
  );
  await expect(create('http://127.0.0.1:1')).rejects.toThrow(/no discovery document at/);
  await expect(create(`${url}/.`)).rejects.toThrow(/names another issuer/);
});
