import assert from 'node:assert/strict';
import { createHmac, createPublicKey, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
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

/** Fails where a refused assertion is remembered, or anything but a text is looked up. */
const strict: ClientAuthenticationOptions = {
  ...stage.authentication,
  replays: { firstUse: () => assert.fail('a refused assertion was remembered') },
  clients: {
    find(id) {
      expect(typeof id).toBe('string');
      return stage.clients.find(id);
    },
  },
};

async function assertAccepted(given: string | Promise<string>, more: Partial<AuthenticationRequest> = {}) {
  const authenticated = await authenticate(await given, more);
  assert.ok(authenticated.ok, JSON.stringify(authenticated));
  expect(authenticated.value.client.id).toBe(client.id);
  expect(authenticated.value.method).toBe('private_key_jwt');
}

/** The reason of a refusal, for the log alone: all that the client sees is the same for all of them. */
async function refusal(
  given: string | Promise<string>,
  more: Partial<AuthenticationRequest> = {},
  context: ClientAuthenticationOptions = strict,
) {
  const authenticated = await authenticate(await given, more, context);
  assert.ok(!authenticated.ok, 'must be refused');
  const { reason, clientId: _, ...seen } = authenticated.error;
  expect(seen).toStrictEqual({ code: 'invalid_client', description: 'Client authentication failed.' });
  return reason;
}

describe('accepts', () => {
  for (const alg of assertionAlgorithms) {
    test(`an assertion signed with ${alg}`, async () => {
      const its = await partnerKey(alg);
      const registered = await stage.register({ keys: [its.publicKey] });
      const { id } = registered.client;
      const authenticated = await authenticate(await jwtBy(its, claims({ iss: id, sub: id })));
      assert.ok(authenticated.ok, JSON.stringify(authenticated));
      expect(authenticated.value.client.id).toBe(id);
    });
  }

  const accepted: Record<string, () => Promise<string>> = {
    'the key that kid names': () => jwtBy(second, claims()),
    'no kid, of the first key': () => assertion({}, { kid: undefined }),
    'no kid, of the second key': () => jwtBy(second, claims(), { kid: undefined }),
    'the issuer as aud': () => assertion({ aud: stage.issuer }),
    'the token endpoint as aud': () => assertion({ aud: tokenEndpoint }),
    'the issuer among several aud': () => assertion({ aud: ['https://other.example.com', stage.issuer] }),
    'no iat': () => assertion({ iat: undefined }),
    'an iat of long ago': () => assertion({ iat: now - 86_400 }),
    'typ JWT': () => assertion({}, { typ: 'JWT' }),
    'typ client-authentication+jwt': () => assertion({}, { typ: 'client-authentication+jwt' }),
    'an end 300 s ahead by a clock that is 10 s ahead': () => assertion({ exp: now + 310 }),
    'an end that was 9 s ago by our clock': () => assertion({ exp: now - 9 }),
    'an iat 10 s ahead': () => assertion({ iat: now + 10 }),
    'an nbf 10 s ahead': () => assertion({ nbf: now + 10 }),
    'claims that it does not know': () => assertion({ foo: { bar: 1 } }),
  };
  for (const [name, make] of Object.entries(accepted)) test(name, () => assertAccepted(make()));

  test('a client_id beside it that is the same', () => assertAccepted(assertion(), { client_id: client.id }));
});

describe('refuses', () => {
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
    'the key of another client, without kid': [
      'assertion_key_unknown',
      () => jwtBy(strangersKey, claims(), { kid: undefined }),
    ],
    'the key of another client, under a kid of its own': [
      'assertion_key_unknown',
      () => jwtBy(strangersKey, claims(), { kid: 'first' }),
    ],
    'a key that comes with it': [
      'assertion_key_unknown',
      () => jwtBy(strangersKey, claims(), { kid: undefined, jwk: { ...strangersKey.publicKey } }),
    ],
    'claims that were not signed': ['assertion_key_unknown', () => resigned({ jti: 'another' })],
    'alg none': ['assertion_malformed', () => unsigned('none')],
    'alg None': ['assertion_malformed', () => unsigned('None')],
    'alg ES256 without a signature': ['assertion_malformed', () => unsigned('ES256')],
    'HS256 with the public key as the secret': ['assertion_key_unknown', () => symmetric(publicPem)],
    'HS256 with the client secret': ['assertion_key_unknown', () => symmetric(secret)],
    'HS256 without kid': ['assertion_key_unknown', () => symmetric(secret, { kid: undefined })],
    'an extension that must be understood': [
      'ERR_JOSE_NOT_SUPPORTED',
      () => rawJws({ alg: 'ES256', kid: 'first', crit: ['x'], x: 1 }, claims(), () => 'x'.repeat(64)),
    ],
    'an iss that is another': ['assertion_of_another', () => assertion({ iss: stranger.client.id })],
    'no iss': ['assertion_of_another', () => assertion({ iss: undefined })],
    'a sub that is another client': [
      // Which is looked up, and whose key it is not.
      'assertion_key_unknown',
      () => assertion({ sub: stranger.client.id }),
    ],
    'a sub that nobody is': ['unknown_client', () => assertion({ sub: 'nobody' })],
    'no sub': ['unknown_client', () => assertion({ sub: undefined })],
    'a sub that is null': ['unknown_client', () => assertion({ sub: null })],
    'a sub that is a list': ['unknown_client', () => assertion({ sub: [client.id] })],
    'a sub that is an object': [
      'unknown_client',
      () => assertion({ sub: { length: 1, toString: 1, valueOf: 1 } }),
    ],
    'another aud': ['assertion_audience', () => assertion({ aud: 'https://production.example.com' })],
    'an aud that begins with the issuer': [
      'assertion_audience',
      () => assertion({ aud: `${stage.issuer}.example.org` }),
    ],
    'several aud of others': ['assertion_audience', () => assertion({ aud: ['a', `${stage.issuer}/`] })],
    'no aud': ['assertion_audience', () => assertion({ aud: undefined })],
    'an empty list of aud': ['assertion_audience', () => assertion({ aud: [] })],
    'an end 10 s ago': ['ERR_JWT_EXPIRED', () => assertion({ exp: now - 10 })],
    'an end 11 s ago': ['ERR_JWT_EXPIRED', () => assertion({ exp: now - 11 })],
    'an end 5 minutes ago': ['ERR_JWT_EXPIRED', () => assertion({ exp: now - 300 })],
    'an end 311 s ahead': ['assertion_lives_too_long', () => assertion({ exp: now + 311 })],
    'an end that never comes': [
      'assertion_lives_too_long',
      () => jwtBy(key, { ...claims(), exp: Number.MAX_SAFE_INTEGER }),
    ],
    'no exp': ['assertion_lives_too_long', () => assertion({ exp: undefined })],
    'an exp that is a text': ['ERR_JWT_CLAIM_VALIDATION_FAILED', () => assertion({ exp: `${now + 60}` })],
    'an iat 11 s ahead': ['assertion_from_the_future', () => assertion({ iat: now + 11 })],
    'an nbf 11 s ahead': ['ERR_JWT_CLAIM_VALIDATION_FAILED', () => assertion({ nbf: now + 11 })],
    'no jti': ['assertion_without_jti', () => assertion({ jti: undefined })],
    'a jti that is no text': ['assertion_without_jti', () => assertion({ jti: { toString: 1, valueOf: 1 } })],
    'a jti that is empty': ['assertion_without_jti', () => assertion({ jti: '' })],
    'an access token': ['assertion_of_another_type', () => assertion({}, { typ: 'at+jwt' })],
    'an access token, named in full': [
      'assertion_of_another_type',
      () => assertion({}, { typ: 'application/AT+JWT' }),
    ],
    'a DPoP proof': ['assertion_of_another_type', () => assertion({}, { typ: 'dpop+jwt' })],
    'an introspection': [
      'assertion_of_another_type',
      () => assertion({}, { typ: 'token-introspection+jwt' }),
    ],
    'over 4096 characters': ['assertion_too_long', () => assertion({ filler: 'x'.repeat(4_096) })],
    garbage: ['unknown_client', () => 'garbage'],
    'dots alone': ['unknown_client', () => '..'],
    'five parts': ['unknown_client', async () => `${await assertion()}.a.b`],
    'a fourth part': ['unknown_client', async () => `${await assertion()}.a`],
    'a payload that is a list': ['unknown_client', () => rawJws({ alg: 'ES256' }, [], () => 'x')],
  };
  for (const [name, [reason, make]] of Object.entries(refused)) {
    test(name, async () => expect(await refusal(make())).toBe(reason));
  }

  test('RS256 of an RSA key that is registered for PS256, and the reverse', async () => {
    for (const [registered, used] of [
      ['PS256', 'RS256'],
      ['RS256', 'PS256'],
    ] as const) {
      const { publicKey } = await partnerKey(registered, 'rsa');
      const { id } = (await stage.register({ keys: [publicKey] })).client;
      for (const header of [{}, { kid: undefined }]) {
        const given = jwtBy(await partnerKey(used, 'rsa'), claims({ iss: id, sub: id }), header);
        expect(await refusal(given)).toBe('assertion_key_unknown');
      }
    }
  });

  test('a client_id that is another', async () => {
    for (const client_id of [stranger.client.id, 'nobody', `${client.id} `]) {
      expect(await refusal(assertion(), { client_id })).toBe('client_id_of_another');
    }
  });

  test('another client_assertion_type, or none', async () => {
    for (const client_assertion_type of [
      undefined,
      'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
      assertionType.toUpperCase(),
    ]) {
      const request = {
        authorization: undefined,
        client_assertion: await assertion(),
        ...(client_assertion_type !== undefined && { client_assertion_type }),
      };
      for (const more of [{}, { client_id: client.id }]) {
        const authenticated = await clientAuthentication(strict)({ ...request, ...more });
        assert.ok(!authenticated.ok);
        expect(authenticated.error.code).toBe('invalid_client');
        expect(authenticated.error.description).toBe('Client authentication failed.');
      }
    }
  });

  test('a client that is registered for a secret alone, and one that is disabled', async () => {
    const without = await stage.register();
    const { id } = without.client;
    await refusal(assertion({ iss: id, sub: id }));
    // Even where keys are left in its record.
    await stage.clients.replace({ ...without.client, keys: [key.publicKey] });
    expect(await refusal(assertion({ iss: id, sub: id }), {}, stage.authentication)).toBe(
      'method_not_allowed',
    );

    const its = await partnerKey();
    const disabled = await stage.register({ keys: [its.publicKey] });
    await stage.clients.replace({ ...disabled.client, status: 'disabled' });
    const given = jwtBy(its, claims({ iss: disabled.client.id, sub: disabled.client.id }));
    expect(await refusal(given, {}, stage.authentication)).toBe('client_disabled');
  });
});

describe('one method in each request', () => {
  const beside: Record<string, Partial<AuthenticationRequest>> = {
    'a secret': { client_secret: secret },
    'a secret with its id': { client_secret: secret, client_id: client.id },
    'HTTP Basic': { authorization: basic(client.id, secret) },
    'HTTP Basic without a secret': { authorization: basic(client.id, '') },
  };
  for (const [name, more] of Object.entries(beside)) {
    test(`refuses ${name} beside an assertion`, async () => {
      const authenticated = await authenticate(await assertion(), more, strict);
      assert.ok(!authenticated.ok);
      expect(authenticated.error.code).toBe('invalid_request');
    });
  }
});

describe('an assertion is used once', () => {
  test('and refused when it comes again, as is its jti in another', async () => {
    const jti = randomUUID();
    const given = await assertion({ jti });
    await assertAccepted(given);
    expect(await refusal(given, {}, stage.authentication)).toBe('assertion_replayed');
    expect(await refusal(assertion({ jti, exp: now + 61 }), {}, stage.authentication)).toBe(
      'assertion_replayed',
    );
  });

  test('of many at the same time exactly one wins', async () => {
    const given = await assertion();
    const answers = await Promise.all(Array.from({ length: 20 }, () => authenticate(given)));
    expect(answers.filter(({ ok }) => ok).length).toBe(1);
  });

  test('for each client by itself', async () => {
    const jti = randomUUID();
    const { id } = stranger.client;
    await assertAccepted(assertion({ jti }));
    const theirs = await authenticate(await jwtBy(strangersKey, claims({ iss: id, sub: id, jti })));
    assert.ok(theirs.ok);
  });

  test('until its last second, and then it is over', async () => {
    const moving = await memoryStage();
    const { id } = (await moving.register({ keys: [key.publicKey] })).client;
    const given = await assertion({ iss: id, sub: id });
    expect((await authenticate(given, {}, moving.authentication)).ok).toBe(true);
    moving.time.now = now + 60 + 9;
    expect(await refusal(given, {}, moving.authentication)).toBe('assertion_replayed');
    moving.time.now += 1;
    expect(await refusal(given, {}, moving.authentication)).toBe('ERR_JWT_EXPIRED');
  });

  test('a store that cannot tell lets nobody in', async () => {
    const replays = { firstUse: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))) };
    await expect(authenticate(await assertion(), {}, { ...stage.authentication, replays })).rejects.toThrow(
      Unavailable,
    );
  });
});
