import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { describe, expect, jest, test } from '@jest/globals';
import { assertionAlgorithms } from '../../src/clients/client.ts';
import { clientAuthentication } from '../../src/oauth/client-authentication.ts';
import type { ClientAuthenticationOptions } from '../../src/oauth/client-authentication.ts';
import type { AuthenticationRequest } from '../../src/oauth/client-authentication/method.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { jwtBy, partnerKey, rawJws } from './client-keys.ts';
import { basic, memoryStage } from './stage.ts';

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const stage = await memoryStage();
const { now } = stage.time;
const tokenEndpoint = `${stage.issuer}/oauth/token`;
const key = await partnerKey('ES256', 'first');
const second = await partnerKey('ES256', 'second');
const { client, secret = '' } = await stage.register({
  keys: [key.publicKey, second.publicKey],
  withSecret: true,
});
const strangersKey = await partnerKey('ES256', 'strangers');
const stranger = await stage.register({ keys: [strangersKey.publicKey] });

type Changes = Readonly<Record<string, unknown>>;

const claims = (changes: Changes = {}) => ({
  iss: client.id,
  sub: client.id,
  aud: stage.issuer,
  iat: now,
  exp: now + 60,
  jti: randomUUID(),
  ...changes,
});
const assertion = (changes: Changes = {}, header: Changes = {}) => jwtBy(key, claims(changes), header);

const authenticate = (
  client_assertion: string,
  more: Partial<AuthenticationRequest> = {},
  options: ClientAuthenticationOptions = stage.authentication,
) =>
  clientAuthentication(options)({
    authorization: undefined,
    client_assertion,
    client_assertion_type: assertionType,
    ...more,
  });

/** Fails where a refused assertion is stored, or anything but a string is looked up. */
const strict: ClientAuthenticationOptions = {
  ...stage.authentication,
  replays: { firstUse: () => assert.fail('a refused assertion was stored') },
  clients: {
    findNow(id) {
      expect(typeof id).toBe('string');
      return stage.clients.findNow(id);
    },
  },
};

async function assertAccepted(given: string | Promise<string>, more: Partial<AuthenticationRequest> = {}) {
  const authenticated = await authenticate(await given, more);
  assert.ok(authenticated.ok, JSON.stringify(authenticated));
  expect(authenticated.value.client.id).toBe(client.id);
  expect(authenticated.value.method).toBe('private_key_jwt');
}

/** Reasons that the holder of a registered key learns. No one else learns anything. */
const told = new Set([
  'ERR_JWT_EXPIRED',
  'ERR_JWT_CLAIM_VALIDATION_FAILED',
  'ERR_JWT_INVALID',
  'assertion_of_another',
  'assertion_of_another_type',
  'assertion_audience',
  'assertion_lives_too_long',
  'assertion_from_the_future',
  'assertion_without_jti',
  'assertion_replayed',
]);

/** The reason of a refusal, which is for the log alone. */
async function refusal(
  given: string | Promise<string>,
  more: Partial<AuthenticationRequest> = {},
  context: ClientAuthenticationOptions = strict,
) {
  const authenticated = await authenticate(await given, more, context);
  assert.ok(!authenticated.ok, 'must be refused');
  const { reason = '', clientId: _, description, ...seen } = authenticated.error;
  expect(seen).toStrictEqual({ code: 'invalid_client' });
  expect(description === 'Client authentication failed.').toBe(!told.has(reason));
  return reason;
}

describe('valid private_key_jwt assertion', () => {
  test.each(assertionAlgorithms)('authenticates the client with the algorithm %s', async (alg) => {
    const its = await partnerKey(alg);
    const registered = await stage.register({ keys: [its.publicKey] });
    const { id } = registered.client;
    const authenticated = await authenticate(await jwtBy(its, claims({ iss: id, sub: id })));
    assert.ok(authenticated.ok, JSON.stringify(authenticated));
    expect(authenticated.value.client.id).toBe(id);
  });

  const accepted: Record<string, () => Promise<string>> = {
    'the kid of the second key': () => jwtBy(second, claims()),
    'no kid and the first key': () => assertion({}, { kid: undefined }),
    'no kid and the second key': () => jwtBy(second, claims(), { kid: undefined }),
    'the issuer as aud': () => assertion({ aud: stage.issuer }),
    'a list of the issuer as aud': () => assertion({ aud: [stage.issuer] }),
    'no jti': () => assertion({ jti: undefined }),
    'no iat': () => assertion({ iat: undefined }),
    'an iat of one day ago': () => assertion({ iat: now - 86_400 }),
    'typ JWT': () => assertion({}, { typ: 'JWT' }),
    'typ client-authentication+jwt': () => assertion({}, { typ: 'client-authentication+jwt' }),
    'an exp in 3610 s, which is an hour by a clock that is 10 s ahead': () => assertion({ exp: now + 3_610 }),
    'an exp 9 s ago': () => assertion({ exp: now - 9 }),
    'an iat in 10 s': () => assertion({ iat: now + 10 }),
    'an nbf in 10 s': () => assertion({ nbf: now + 10 }),
    'an unknown claim': () => assertion({ foo: { bar: 1 } }),
  };
  test.each(Object.entries(accepted))('authenticates the client with %s', (_, make) =>
    assertAccepted(make()),
  );

  test('authenticates the client with its client_id beside the assertion', () =>
    assertAccepted(assertion(), { client_id: client.id }));
});

describe('invalid private_key_jwt assertion', () => {
  const unsigned = (alg: string) => rawJws({ alg, kid: 'first' }, claims(), () => '');
  const publicPem = createPublicKey({ key: key.publicKey, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  });
  const symmetric = (secretKey: string | Buffer, header: Changes = {}) =>
    rawJws({ alg: 'HS256', kid: 'first', ...header }, claims(), (input) =>
      createHmac('sha256', secretKey).update(input).digest(),
    );
  const resigned = async (changes: Changes) => {
    const [header, , signature] = (await assertion()).split('.');
    return `${header}.${Buffer.from(JSON.stringify(claims(changes))).toString('base64url')}.${signature}`;
  };

  const refused: Record<string, [reason: string, make: () => string | Promise<string>]> = {
    'a kid that is not registered': ['assertion_key_unknown', () => assertion({}, { kid: 'other' })],
    'the kid of another of its keys': ['assertion_key_unknown', () => assertion({}, { kid: 'second' })],
    'a kid that is a path': ['assertion_key_unknown', () => assertion({}, { kid: '../first' })],
    'the key of another client': ['assertion_key_unknown', () => jwtBy(strangersKey, claims())],
    'the key of another client and no kid': [
      'assertion_key_unknown',
      () => jwtBy(strangersKey, claims(), { kid: undefined }),
    ],
    'the key of another client and the kid of the first key': [
      'assertion_key_unknown',
      () => jwtBy(strangersKey, claims(), { kid: 'first' }),
    ],
    'a key in its own header': [
      'assertion_key_unknown',
      () => jwtBy(strangersKey, claims(), { kid: undefined, jwk: { ...strangersKey.publicKey } }),
    ],
    'claims other than those that were signed': ['assertion_key_unknown', () => resigned({ jti: 'another' })],
    'alg none': ['assertion_malformed', () => unsigned('none')],
    'alg None': ['assertion_malformed', () => unsigned('None')],
    'alg ES256 without a signature': ['assertion_malformed', () => unsigned('ES256')],
    'HS256 and the public key as the secret': ['assertion_key_unknown', () => symmetric(publicPem)],
    'HS256 and the client secret': ['assertion_key_unknown', () => symmetric(secret)],
    'HS256 without kid': ['assertion_key_unknown', () => symmetric(secret, { kid: undefined })],
    'an unknown critical extension': [
      'ERR_JOSE_NOT_SUPPORTED',
      () => rawJws({ alg: 'ES256', kid: 'first', crit: ['x'], x: 1 }, claims(), () => 'x'.repeat(64)),
    ],
    'the iss of another client': ['assertion_of_another', () => assertion({ iss: stranger.client.id })],
    'no iss': ['assertion_of_another', () => assertion({ iss: undefined })],
    'the sub of another client': [
      // This client is looked up, but the key is not one of its keys.
      'assertion_key_unknown',
      () => assertion({ sub: stranger.client.id }),
    ],
    'an unknown sub': ['unknown_client', () => assertion({ sub: 'nobody' })],
    'no sub': ['unknown_client', () => assertion({ sub: undefined })],
    'a sub that is null': ['unknown_client', () => assertion({ sub: null })],
    'a sub that is a list': ['unknown_client', () => assertion({ sub: [client.id] })],
    'a sub that is an object': [
      'unknown_client',
      () => assertion({ sub: { length: 1, toString: 1, valueOf: 1 } }),
    ],
    'the aud of another stage': [
      'assertion_audience',
      () => assertion({ aud: 'https://production.example.com' }),
    ],
    'an aud that begins with the issuer': [
      'assertion_audience',
      () => assertion({ aud: `${stage.issuer}.example.org` }),
    ],
    'several aud, none of which is the stage': [
      'assertion_audience',
      () => assertion({ aud: ['a', `${stage.issuer}/`] }),
    ],
    'the token endpoint as aud': ['assertion_audience', () => assertion({ aud: tokenEndpoint })],
    'the token endpoint and the issuer as aud': [
      'assertion_audience',
      () => assertion({ aud: [tokenEndpoint, stage.issuer] }),
    ],
    'the issuer among several aud': [
      'assertion_audience',
      () => assertion({ aud: ['https://other.example.com', stage.issuer] }),
    ],
    'the issuer twice as aud': ['assertion_audience', () => assertion({ aud: [stage.issuer, stage.issuer] })],
    'no aud': ['assertion_audience', () => assertion({ aud: undefined })],
    'an empty list of aud': ['assertion_audience', () => assertion({ aud: [] })],
    'an exp 10 s ago': ['ERR_JWT_EXPIRED', () => assertion({ exp: now - 10 })],
    'an exp 11 s ago': ['ERR_JWT_EXPIRED', () => assertion({ exp: now - 11 })],
    'an exp 5 minutes ago': ['ERR_JWT_EXPIRED', () => assertion({ exp: now - 300 })],
    'an exp in 3611 s': ['assertion_lives_too_long', () => assertion({ exp: now + 3_611 })],
    'the largest possible exp': [
      'assertion_lives_too_long',
      () => jwtBy(key, { ...claims(), exp: Number.MAX_SAFE_INTEGER }),
    ],
    'no exp': ['assertion_lives_too_long', () => assertion({ exp: undefined })],
    'an exp that is a string': ['ERR_JWT_CLAIM_VALIDATION_FAILED', () => assertion({ exp: `${now + 60}` })],
    'an iat in 11 s': ['assertion_from_the_future', () => assertion({ iat: now + 11 })],
    'an nbf in 11 s': ['ERR_JWT_CLAIM_VALIDATION_FAILED', () => assertion({ nbf: now + 11 })],
    'a jti that is null': ['assertion_without_jti', () => assertion({ jti: null })],
    'a jti that is no string': [
      'assertion_without_jti',
      () => assertion({ jti: { toString: 1, valueOf: 1 } }),
    ],
    'a jti that is empty': ['assertion_without_jti', () => assertion({ jti: '' })],
    'the typ of an access token': ['assertion_of_another_type', () => assertion({}, { typ: 'at+jwt' })],
    'the full media type of an access token as typ': [
      'assertion_of_another_type',
      () => assertion({}, { typ: 'application/AT+JWT' }),
    ],
    'the typ of a DPoP proof': ['assertion_of_another_type', () => assertion({}, { typ: 'dpop+jwt' })],
    'the typ of an introspection response': [
      'assertion_of_another_type',
      () => assertion({}, { typ: 'token-introspection+jwt' }),
    ],
    'more than 4096 characters': ['assertion_too_long', () => assertion({ filler: 'x'.repeat(4_096) })],
    'a single part': ['unknown_client', () => 'garbage'],
    'three empty parts': ['unknown_client', () => '..'],
    'five parts': ['unknown_client', async () => `${await assertion()}.a.b`],
    'four parts': ['unknown_client', async () => `${await assertion()}.a`],
    'a payload that is a list': ['unknown_client', () => rawJws({ alg: 'ES256' }, [], () => 'x')],
  };
  test.each(Object.entries(refused).map(([name, [reason, make]]) => ({ name, reason, make })))(
    'is refused with $name ($reason)',
    async ({ reason, make }) => {
      expect(await refusal(make())).toBe(reason);
    },
  );

  describe.each([
    ['PS256', 'RS256'],
    ['RS256', 'PS256'],
  ] as const)('of an RSA key that is registered for %s, signed with %s', (registered, used) => {
    test.each<[string, Changes]>([
      ['with its kid', {}],
      ['without kid', { kid: undefined }],
    ])('is refused %s (assertion_key_unknown)', async (_, header) => {
      const { publicKey } = await partnerKey(registered, 'rsa');
      const { id } = (await stage.register({ keys: [publicKey] })).client;
      const given = jwtBy(await partnerKey(used, 'rsa'), claims({ iss: id, sub: id }), header);
      expect(await refusal(given)).toBe('assertion_key_unknown');
    });
  });

  test.each([
    ['of another client', stranger.client.id],
    ['of no client', 'nobody'],
    ['with a space at its end', `${client.id} `],
  ])('is refused beside a client_id %s (client_id_of_another)', async (_, client_id) => {
    expect(await refusal(assertion(), { client_id })).toBe('client_id_of_another');
  });

  describe.each([
    ['without client_assertion_type', {}],
    [
      'with the client_assertion_type of SAML',
      { client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:saml2-bearer' },
    ],
    ['with the client_assertion_type in upper case', { client_assertion_type: assertionType.toUpperCase() }],
  ])('%s', (_, type) => {
    test.each([
      ['without client_id', {}],
      ['with client_id', { client_id: client.id }],
    ])('is refused with invalid_client, %s', async (__, more) => {
      const authenticated = await clientAuthentication(strict)({
        authorization: undefined,
        client_assertion: await assertion(),
        ...type,
        ...more,
      });
      assert.ok(!authenticated.ok);
      expect(authenticated.error.code).toBe('invalid_client');
      expect(authenticated.error.description).toBe('Client authentication failed.');
    });
  });

  test('is refused for a client that is registered for a secret alone', async () => {
    const { id } = (await stage.register()).client;
    await refusal(assertion({ iss: id, sub: id }));
  });

  test('is refused for a client whose methods do not include it (method_not_allowed)', async () => {
    const without = await stage.register();
    const { id } = without.client;
    // Even though the record of the client still has keys.
    await stage.clients.replace({ ...without.client, keys: [key.publicKey] });
    const reason = await refusal(assertion({ iss: id, sub: id }), {}, stage.authentication);
    expect(reason).toBe('method_not_allowed');
  });

  test('is refused for a disabled client (client_disabled)', async () => {
    const its = await partnerKey();
    const disabled = await stage.register({ keys: [its.publicKey] });
    await stage.clients.replace({ ...disabled.client, status: 'disabled' });
    const given = jwtBy(its, claims({ iss: disabled.client.id, sub: disabled.client.id }));
    expect(await refusal(given, {}, stage.authentication)).toBe('client_disabled');
  });
});

describe('description of a refused private_key_jwt assertion', () => {
  const described: [string, RegExp, () => string | Promise<string>][] = [
    ['exp in the past', /its exp is in the past/, () => assertion({ exp: now - 300 })],
    ['an exp that is a string', /exp of the assertion must be a number/, () => assertion({ exp: 'soon' })],
    ['no exp', /must have an exp, at most 3600 seconds ahead/, () => assertion({ exp: undefined })],
    ['an nbf in the future', /its nbf is in the future/, () => assertion({ nbf: now + 60 })],
    ['an iat in the future', /The iat of the assertion is in the future/, () => assertion({ iat: now + 60 })],
    ['another aud', /must be the issuer, https:\/\/sandbox/, () => assertion({ aud: 'https://a.example' })],
    ['another iss', /iss and the sub .* must be the client_id/, () => assertion({ iss: 'another' })],
    ['an empty jti', /jti of the assertion must be a string/, () => assertion({ jti: '' })],
    ['another typ', /The typ of the assertion/, () => assertion({}, { typ: 'at+jwt' })],
  ];

  test.each(described)('names %s', async (_, description, make) => {
    const authenticated = await authenticate(await make(), {}, strict);
    expect(!authenticated.ok && authenticated.error.description).toMatch(description);
  });

  test.each(described)('says nothing of %s if the client is disabled', async (_, __, make) => {
    const clients = { findNow: async () => ({ ...client, status: 'disabled' as const }) };
    const authenticated = await authenticate(await make(), {}, { ...strict, clients });
    expect(!authenticated.ok && authenticated.error.description).toBe('Client authentication failed.');
  });
});

const fapiKey = await partnerKey('ES256', 'fapi');
const fapi = await stage.register({ keys: [fapiKey.publicKey], fapi: true });

describe('private_key_jwt assertion of a client under FAPI 2.0', () => {
  const { id } = fapi.client;
  const fapiAssertion = (changes: Changes = {}) => jwtBy(fapiKey, claims({ iss: id, sub: id, ...changes }));

  test.each<[string, Changes]>([
    ['the issuer as aud', {}],
    ['an exp in 310 s, which is 300 s by a clock that is 10 s ahead', { exp: now + 310 }],
  ])('is accepted with %s', async (_, changes) => {
    expect((await authenticate(await fapiAssertion(changes))).ok).toBe(true);
  });

  test.each<[string, string, Changes]>([
    ['a list of the issuer as aud', 'assertion_audience', { aud: [stage.issuer] }],
    ['the token endpoint as aud', 'assertion_audience', { aud: tokenEndpoint }],
    ['an exp in 311 s', 'assertion_lives_too_long', { exp: now + 311 }],
    ['no jti', 'assertion_without_jti', { jti: undefined }],
  ])('is refused with %s (%s)', async (_, reason, changes) => {
    expect(await refusal(fapiAssertion(changes))).toBe(reason);
  });

  test('is refused with the token endpoint as aud, even if the stage allows it (assertion_audience)', async () => {
    const clientAssertions = { ...stage.authentication.clientAssertions, tokenEndpointAudience: true };
    const given = fapiAssertion({ aud: tokenEndpoint });
    expect(await refusal(given, {}, { ...strict, clientAssertions })).toBe('assertion_audience');
  });
});

describe('aud of a private_key_jwt assertion where the stage allows the token endpoint', () => {
  const clientAssertions = { ...stage.authentication.clientAssertions, tokenEndpointAudience: true };

  test.each<[string, unknown]>([
    ['the issuer', stage.issuer],
    ['the token endpoint', tokenEndpoint],
    ['a list of the token endpoint', [tokenEndpoint]],
    ['a list of both', [stage.issuer, tokenEndpoint]],
  ])('is accepted if it is %s', async (_, aud) => {
    const given = await assertion({ aud });
    expect((await authenticate(given, {}, { ...stage.authentication, clientAssertions })).ok).toBe(true);
  });

  test.each<[string, unknown]>([
    ['another', 'https://other.example.com'],
    ['a list of the issuer and another', [stage.issuer, 'https://other.example.com']],
    ['the revocation endpoint', `${stage.issuer}/oauth/revoke`],
    ['an empty list', []],
    ['absent', undefined],
  ])('is refused if it is %s (assertion_audience)', async (_, aud) => {
    expect(await refusal(assertion({ aud }), {}, { ...strict, clientAssertions })).toBe('assertion_audience');
  });
});

const manyKeys = await stage.register({ keys: ['a', 'b', 'c'].map((kid) => ({ ...key.publicKey, kid })) });
const secretOnly = await stage.register();

describe('refusal of a private_key_jwt assertion whose signature is wrong', () => {
  /** Signed by the key of another client. */
  const forged = (sub: string, header: Changes = { kid: 'first' }) =>
    jwtBy(strangersKey, claims({ iss: sub, sub }), header);

  test.each<[string, () => Promise<string>]>([
    ['a known client', () => forged(client.id)],
    ['a known client and a kid that is not registered', () => forged(client.id, { kid: 'other' })],
    ['a known client with two keys and no kid', () => forged(client.id, { kid: undefined })],
    ['a known client with three keys and no kid', () => forged(manyKeys.client.id, { kid: undefined })],
    ['a client without keys', () => forged(secretOnly.client.id)],
    ['an unknown client', () => forged('nobody')],
    ['an unknown client and no kid', () => forged('nobody', { kid: undefined })],
  ])('verifies four signatures, as many as a client may have keys: %s', async (_, make) => {
    const verify = jest.spyOn(crypto.subtle, 'verify');
    try {
      await refusal(make());
      expect(verify).toHaveBeenCalledTimes(4);
    } finally {
      verify.mockRestore();
    }
  });

  test.each(assertionAlgorithms)('has a decoy key for %s', async (alg) => {
    const verify = jest.spyOn(crypto.subtle, 'verify');
    try {
      const its = await partnerKey(alg);
      expect(await refusal(jwtBy(its, claims({ iss: 'nobody', sub: 'nobody' })))).toBe('unknown_client');
      expect(verify).toHaveBeenCalledTimes(4);
    } finally {
      verify.mockRestore();
    }
  });
});

const bare = await partnerKey('ES256', 'thumbprint');
const hinted = await stage.register({
  keys: [{ ...bare.publicKey, kidSource: 'thumbprint' }, key.publicKey],
});

describe('kid of a private_key_jwt assertion', () => {
  const { id } = hinted.client;
  const own = claims({ iss: id, sub: id });

  test.each(['of the partner', 'thumbprint', undefined])(
    'is only a hint for a key without a kid of the partner: %s',
    async (kid) => {
      const given = await jwtBy(bare, { ...own, jti: randomUUID() }, { kid });
      expect((await authenticate(given)).ok).toBe(true);
    },
  );

  test('must be that of the partner where the key has one (assertion_key_unknown)', async () => {
    expect(await refusal(jwtBy(key, own, { kid: 'other' }))).toBe('assertion_key_unknown');
  });
});

describe('private_key_jwt assertion beside another method', () => {
  test.each<[string, Partial<AuthenticationRequest>]>([
    ['a secret', { client_secret: secret }],
    ['a secret and client_id', { client_secret: secret, client_id: client.id }],
    ['HTTP Basic', { authorization: basic(client.id, secret) }],
    ['HTTP Basic without a secret', { authorization: basic(client.id, '') }],
  ])('is refused with invalid_request: %s', async (_, more) => {
    const authenticated = await authenticate(await assertion(), more, strict);
    assert.ok(!authenticated.ok);
    expect(authenticated.error.code).toBe('invalid_request');
  });
});

describe('replay of a private_key_jwt assertion', () => {
  test('is refused (assertion_replayed)', async () => {
    const given = await assertion();
    await assertAccepted(given);
    expect(await refusal(given, {}, stage.authentication)).toBe('assertion_replayed');
  });

  test('is refused for the same jti in another assertion (assertion_replayed)', async () => {
    const jti = randomUUID();
    await assertAccepted(assertion({ jti }));
    const other = assertion({ jti, exp: now + 61 });
    expect(await refusal(other, {}, stage.authentication)).toBe('assertion_replayed');
  });

  test('is refused without jti (assertion_replayed)', async () => {
    const given = await assertion({ jti: undefined, exp: now + 3_000 });
    await assertAccepted(given);
    expect(await refusal(given, {}, stage.authentication)).toBe('assertion_replayed');
  });

  test('is refused without jti and with another signature of the same claims (assertion_replayed)', async () => {
    const changes = { jti: undefined, exp: now + 3_001 };
    const [one, other] = await Promise.all([assertion(changes), assertion(changes)]);
    expect(one).not.toBe(other);
    await assertAccepted(one);
    expect(await refusal(other, {}, stage.authentication)).toBe('assertion_replayed');
  });

  test('does not include another assertion without jti', async () => {
    await assertAccepted(assertion({ jti: undefined, exp: now + 3_002 }));
    await assertAccepted(assertion({ jti: undefined, exp: now + 3_003 }));
  });

  test('is refused for all but one of 20 concurrent requests', async () => {
    const given = await assertion();
    const responses = await Promise.all(Array.from({ length: 20 }, () => authenticate(given)));
    expect(responses.filter(({ ok }) => ok).length).toBe(1);
  });

  test('does not include the same jti of another client', async () => {
    const jti = randomUUID();
    const { id } = stranger.client;
    await assertAccepted(assertion({ jti }));
    const theirs = await authenticate(await jwtBy(strangersKey, claims({ iss: id, sub: id, jti })));
    expect(theirs.ok).toBe(true);
  });

  test('is refused until the last second of the assertion, which has then expired', async () => {
    const moving = await memoryStage();
    const { id } = (await moving.register({ keys: [key.publicKey] })).client;
    const given = await assertion({ iss: id, sub: id });
    expect((await authenticate(given, {}, moving.authentication)).ok).toBe(true);
    moving.time.now = now + 60 + 9;
    expect(await refusal(given, {}, moving.authentication)).toBe('assertion_replayed');
    moving.time.now += 1;
    expect(await refusal(given, {}, moving.authentication)).toBe('ERR_JWT_EXPIRED');
  });

  test('makes authentication throw Unavailable while the store is unavailable', async () => {
    const replays = { firstUse: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))) };
    await expect(authenticate(await assertion(), {}, { ...stage.authentication, replays })).rejects.toThrow(
      Unavailable,
    );
  });
});
