import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint } from 'jose';
import { parseClientKeys } from '../../src/clients/client-key.ts';
import type { StatedAboutKey } from '../../src/clients/client-key.ts';
import { certificates } from './certificates.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).publicKey;
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const ed25519 = generateKeyPairSync('ed25519').publicKey;
const jwkOf = (key: KeyObject) => ({ ...key.export({ format: 'jwk' }) });
const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
const setOf = (...keys: unknown[]) => JSON.stringify({ keys });

async function parsed(input: string, stated?: StatedAboutKey) {
  const result = await parseClientKeys(input, stated);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}
async function problem(input: string, stated?: StatedAboutKey) {
  const result = await parseClientKeys(input, stated);
  assert.ok(!result.ok, 'must be refused');
  return result.error;
}
const algorithms = async (input: string, stated?: StatedAboutKey) =>
  (await parsed(input, stated)).keys.map((key) => key.algorithms);

describe('algorithms of a key', () => {
  test.each([
    ['an RSA JWK', JSON.stringify(jwkOf(rsa))],
    ['an RSA PEM', pemOf(rsa)],
    ['an RSA PEM of PKCS #1', rsa.export({ type: 'pkcs1', format: 'pem' }).toString()],
    ['an RSA certificate', certificates.rsa],
  ])('are RS256 and PS256 for %s that states none', async (_, input) => {
    expect(await algorithms(input)).toStrictEqual([['RS256', 'PS256']]);
  });

  test.each([
    ['RSA', pemOf(rsa), 'RS512'],
    ['P-256', pemOf(p256), 'ES256'],
    ['Ed25519', pemOf(ed25519), 'Ed25519'],
  ] as const)('are the one that the operator states, for a key of type %s', async (_, input, alg) => {
    expect(await algorithms(input, { alg })).toStrictEqual([[alg]]);
  });

  test.each([
    ['P-256', p256, 'ES256'],
    ['Ed25519', ed25519, 'EdDSA'],
    ['P-384', generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey, 'ES384'],
    ['P-521', generateKeyPairSync('ec', { namedCurve: 'P-521' }).publicKey, 'ES512'],
  ])('follow from the curve %s', async (_, key, alg) => {
    expect(await algorithms(pemOf(key))).toStrictEqual([[alg]]);
  });

  test('are the alg of the JWK', async () => {
    expect(await algorithms(JSON.stringify({ ...jwkOf(rsa), alg: 'PS384' }))).toStrictEqual([['PS384']]);
  });

  test('are all that a set lists for one key under one kid', async () => {
    const key = { ...jwkOf(rsa), kid: 'one' };
    expect(await algorithms(setOf({ ...key, alg: 'RS256' }, { ...key, alg: 'PS512' }))).toStrictEqual([
      ['RS256', 'PS512'],
    ]);
  });

  test.each([
    ['a JWK of another alg', JSON.stringify({ ...jwkOf(rsa), alg: 'RS256' }), 'PS256'],
    ['a key of another type', pemOf(rsa), 'ES256'],
    ['a key of another curve', pemOf(p256), 'ES384'],
  ] as const)('cannot be stated otherwise for %s', async (_, input, alg) => {
    expect(await problem(input, { alg })).toMatch(new RegExp(`cannot be used with ${alg}`));
  });

  test.each(['RSA-OAEP', 'HS256', 'none', 'ES256K'])('do not include %s', async (alg) => {
    expect(await problem(JSON.stringify({ ...jwkOf(rsa), alg }))).toMatch(/has an alg that is not for/);
  });
});

describe('RSASSA-PSS PEM', () => {
  const pss = (options: object = {}) =>
    pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2_048, ...options }).publicKey);

  test.each([
    [{}, 'PS256'],
    [{ hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 32 }, 'PS256'],
    [{ hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384', saltLength: 48 }, 'PS384'],
    [{ hashAlgorithm: 'sha512', mgf1HashAlgorithm: 'sha512', saltLength: 20 }, 'PS512'],
  ])('with the parameters %j is for %s', async (options, alg) => {
    expect(await algorithms(pss(options))).toStrictEqual([[alg]]);
  });

  test.each([
    { hashAlgorithm: 'sha1', mgf1HashAlgorithm: 'sha1', saltLength: 20 },
    { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha512', saltLength: 32 },
    { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength: 64 },
  ])('with the parameters %j is refused', async (options) => {
    expect(await problem(pss(options))).toMatch(/parameters fit neither PS256, PS384 nor PS512/);
  });

  test('is not for RS256', async () => {
    expect(await problem(pss(), { alg: 'RS256' })).toMatch(/cannot be used with RS256/);
  });
});

describe('kid of a key', () => {
  test('is that of the partner, if the JWK has one', async () => {
    const [key] = (await parsed(JSON.stringify({ ...jwkOf(p256), kid: 'acme' }))).keys;
    expect([key?.kid, key?.kidSource]).toStrictEqual(['acme', 'partner']);
  });

  test('is the one that the operator states', async () => {
    const [key] = (await parsed(pemOf(p256), { kid: 'acme' })).keys;
    expect([key?.kid, key?.kidSource]).toStrictEqual(['acme', 'partner']);
  });

  test('is the thumbprint otherwise', async () => {
    const [key] = (await parsed(pemOf(p256))).keys;
    expect([key?.kid, key?.kidSource]).toStrictEqual([
      await calculateJwkThumbprint(jwkOf(p256)),
      'thumbprint',
    ]);
  });

  test('cannot be stated for several keys', async () => {
    expect(await problem(pemOf(p256) + pemOf(rsa), { kid: 'acme' })).toMatch(/several keys, and one kid/);
  });

  test.each(['', 'x'.repeat(101), 'a\nb', 'a\u001b[2Jb', 'a\u009bb', 'a\u202eb', 'a\u2028b'])(
    'must be printable and not too long: %j',
    async (kid) => {
      const refused = await problem(JSON.stringify({ ...jwkOf(p256), kid }));
      expect(refused).toBe('The key number 1 has a kid that is not 1 to 100 printable characters.');
    },
  );
});

describe('JWK set', () => {
  const good = { ...jwkOf(p256), kid: 'good', use: 'sig' };

  test.each<[string, unknown, string]>([
    [
      'for encryption',
      { ...jwkOf(rsa), kid: 'other', use: 'enc' },
      'is not for signatures: its use is not sig',
    ],
    [
      'of unknown use',
      { ...jwkOf(rsa), kid: 'other', use: 'tls' },
      'is not for signatures: its use is not sig',
    ],
    [
      'without the operation verify',
      { ...jwkOf(rsa), kid: 'other', key_ops: ['sign', 'encrypt'] },
      'is not for verifying signatures: its key_ops do not contain verify',
    ],
    [
      'for another algorithm',
      { ...jwkOf(rsa), kid: 'other', alg: 'RSA-OAEP-256' },
      'has an alg that is not for signatures, or not supported here',
    ],
    [
      'of an unknown type',
      { kty: 'AKP', kid: 'other', pub: 'AA' },
      'is not a key for signatures that is supported here: RSA, P-256, P-384, P-521 or Ed25519',
    ],
    [
      'of an unknown curve',
      { ...jwkOf(p256), kid: 'other', crv: 'secp256k1' },
      'is not a key for signatures that is supported here: RSA, P-256, P-384, P-521 or Ed25519',
    ],
    ['without its members', { kty: 'EC', crv: 'P-256', kid: 'other' }, 'cannot be read'],
    ['that is no point of its curve', { ...jwkOf(p256), kid: 'other', y: jwkOf(p256).x }, 'cannot be read'],
    [
      'with the exponent 1',
      { ...jwkOf(rsa), kid: 'other', e: 'AQ' },
      'has an exponent that is even, below 3 or above 2^32: anyone could sign for it, or no one',
    ],
  ])('is used without a key %s', async (_, other, reason) => {
    const { keys, ignored } = await parsed(setOf(other, good));
    expect(keys.map(({ kid }) => kid)).toStrictEqual(['good']);
    expect(ignored).toStrictEqual([{ name: 'other', reason }]);
  });

  test('is used without a member that is not a JWK, which is named by its number', async () => {
    const { ignored } = await parsed(setOf(good, 'hello', { kid: 'a\nb' }));
    expect(ignored).toStrictEqual([
      { name: 'number 2', reason: 'is not a JWK' },
      { name: 'number 3', reason: 'is not a JWK' },
    ]);
  });

  test('is used with more than four keys, if no more than four are for signatures', async () => {
    const others = Array.from({ length: 5 }, () => ({ ...jwkOf(rsa), use: 'enc' }));
    expect((await parsed(setOf(...others, good))).keys.length).toBe(1);
  });

  test('is refused if no key is left, with each reason', async () => {
    const other = { ...jwkOf(rsa), kid: 'other', use: 'enc' };
    expect(await problem(setOf(other, 'hello'))).toBe(
      'The key other is not for signatures: its use is not sig. The key number 2 is not a JWK.',
    );
  });

  test('is refused without keys', async () => {
    expect(await problem(setOf())).toBe('It contains no key.');
  });

  test('is refused with a private key', async () => {
    expect(await problem(setOf(good, { ...jwkOf(rsa), d: 'AA' }))).toMatch(/contains a private key/);
  });

  test('is refused with two keys of one kid', async () => {
    expect(await problem(setOf(good, { ...jwkOf(rsa), kid: 'good' }))).toBe('Two keys have the same kid.');
  });

  test('is refused with five keys', async () => {
    const keys = Array.from({ length: 5 }, (_, index) => ({ ...good, kid: String(index) }));
    expect(await problem(setOf(...keys))).toMatch(/contains 5 keys/);
  });
});

describe('single JWK', () => {
  test.each([
    ['for encryption', { use: 'enc' }, /its use is not sig/],
    ['with an empty list of operations', { key_ops: [] }, /its key_ops do not contain verify/],
    ['for signing only', { key_ops: ['sign'] }, /its key_ops do not contain verify/],
    ['whose operations are a string', { key_ops: 'verify' }, /is not a JWK/],
  ])('is refused if it is %s', async (_, members, reason) => {
    expect(await problem(JSON.stringify({ ...jwkOf(p256), ...members }))).toMatch(reason);
  });

  test('is accepted with use sig and the operation verify', async () => {
    const { keys } = await parsed(JSON.stringify({ ...jwkOf(p256), use: 'sig', key_ops: ['verify'] }));
    expect(keys.length).toBe(1);
  });

  test('is accepted with members that are null, as some libraries write those that a key does not have', async () => {
    const absent = { kid: null, alg: null, use: null, key_ops: null, d: null, k: null };
    const { keys } = await parsed(JSON.stringify({ ...jwkOf(rsa), ...absent }));
    expect(keys.map((key) => [key.algorithms, key.kidSource])).toStrictEqual([
      [['RS256', 'PS256'], 'thumbprint'],
    ]);
  });

  test('is accepted after a byte order mark', async () => {
    expect((await parsed(`\uFEFF${JSON.stringify(jwkOf(p256))}`)).keys.length).toBe(1);
  });

  test.each([
    ['an RSA exponent of 1', { ...jwkOf(rsa), e: 'AQ' }],
    ['an even RSA exponent', { ...jwkOf(rsa), e: 'Ag' }],
    ['an Ed25519 point of small order', { kty: 'OKP', crv: 'Ed25519', x: `AQ${'A'.repeat(41)}` }],
  ])('is refused with %s', async (_, jwk) => {
    expect(await problem(JSON.stringify(jwk))).toMatch(/anyone could sign for it/);
  });
});

describe('PEM file', () => {
  test('gives each of its keys, public keys and certificates mixed', async () => {
    const { keys, ignored } = await parsed(`${pemOf(p256)}\n${certificates.rsa}text\n${pemOf(ed25519)}`);
    expect(keys.map((key) => key.algorithms)).toStrictEqual([['ES256'], ['RS256', 'PS256'], ['EdDSA']]);
    expect(ignored).toStrictEqual([]);
  });

  test('gives a key once that is there twice', async () => {
    expect((await parsed(pemOf(p256) + pemOf(p256))).keys.length).toBe(1);
  });

  test('gives the key of a certificate without that of the authority that issued it', async () => {
    const { keys, ignored } = await parsed(certificates.leaf + certificates.authority);
    expect(keys.length).toBe(1);
    expect(ignored).toStrictEqual([
      {
        name: 'number 2',
        reason: 'is the certificate of an authority, which issued another one in the file',
      },
    ]);
  });

  test('gives the key of a self-signed certificate', async () => {
    expect((await parsed(certificates.authority)).keys.length).toBe(1);
  });

  test('is used without what is not a public key', async () => {
    const request = '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n';
    const { keys, ignored } = await parsed(request + pemOf(p256));
    expect(keys.length).toBe(1);
    expect(ignored).toStrictEqual([
      { name: 'number 1', reason: 'is not a PEM public key or certificate that can be read' },
    ]);
  });

  test('is refused with a private key among others', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    expect(await problem(pemOf(p256) + pem)).toMatch(/contains a private key/);
  });

  test.each([
    ['at infinity', '3019301306072a8648ce3d020106082a8648ce3d03010703020000'],
    ['not on its curve', `3059301306072a8648ce3d020106082a8648ce3d03010703420004${'11'.repeat(64)}`],
  ])('is refused with an EC point %s', async (_, der) => {
    const base64 = Buffer.from(der, 'hex').toString('base64');
    const pem = `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
    expect(await problem(pem)).toMatch(/is not a PEM public key or certificate that can be read/);
  });

  test('is refused with an Ed25519 point of small order', async () => {
    const base64 = Buffer.from(`302a300506032b6570032100${'00'.repeat(32)}`, 'hex').toString('base64');
    const pem = `-----BEGIN PUBLIC KEY-----\n${base64}\n-----END PUBLIC KEY-----\n`;
    expect(await problem(pem)).toMatch(/is a point of small order/);
  });
});
