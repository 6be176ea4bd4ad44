import assert from 'node:assert/strict';
import { createPublicKey, verify } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { calculateJwkThumbprint, compactVerify, errors, importJWK } from 'jose';
import * as v from 'valibot';
import { signingAlgorithmNames } from '../../src/keys/algorithms.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { jwtSigner } from '../../src/keys/sign-jwt.ts';
import { generateSigningKey, PublicSigningKey } from '../../src/keys/signing-key.ts';

test('RFC 7638 §3.1: the thumbprint that names our keys', async () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  const thumbprint = await calculateJwkThumbprint({
    kty: 'RSA',
    n,
    e: 'AQAB',
    alg: 'RS256',
    kid: '2011-04-29',
  });
  expect(thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

for (const algorithm of signingAlgorithmNames) {
  test(`${algorithm}: what we sign, others verify, and a changed byte does not`, async () => {
    const key = await generateSigningKey(algorithm);
    const jws = jwtSigner(key, 'at+jwt')({ sub: 'ünïcode' });
    const publicKey = v.parse(PublicSigningKey, key);
    const { protectedHeader, payload } = await compactVerify(jws, await importJWK(publicKey));
    expect(protectedHeader).toStrictEqual({
      alg: algorithm,
      typ: 'at+jwt',
      kid: await calculateJwkThumbprint(key),
    });
    expect(JSON.parse(new TextDecoder().decode(payload))).toStrictEqual({ sub: 'ünïcode' });
    const [header, , signature] = jws.split('.');
    const forged = `${header}.${Buffer.from('{"sub":"x"}').toString('base64url')}.${signature}`;
    await expect(compactVerify(forged, await importJWK(publicKey))).rejects.toThrow(
      errors.JWSSignatureVerificationFailed,
    );
  });
}

test('RFC 7515 A.3: the ES256 example verifies with the options that we verify with', async () => {
  const key = {
    kty: 'EC',
    crv: 'P-256',
    x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
    y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
  };
  const signingInput =
    'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';
  const signature = 'DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q';
  const { signingAlgorithms } = await import('../../src/keys/algorithms.ts');
  const { digest, options } = signingAlgorithms.ES256;
  const publicKey = { key: createPublicKey({ key, format: 'jwk' }), ...options };
  assert.ok(verify(digest, Buffer.from(signingInput), publicKey, Buffer.from(signature, 'base64url')));
});

test('the hash key gives each use, and each stage, keys of its own', () => {
  const sandbox = deriveHashKeys('one');
  const production = deriveHashKeys('two');
  const keys = [sandbox, production].flatMap(({ clientSecret, sessionToken, dpopNonce }) => [
    clientSecret,
    sessionToken,
    dpopNonce,
  ]);
  expect(new Set(keys.map((key) => key.export().toString('hex'))).size).toBe(6);
  expect(deriveHashKeys('one').clientSecret.equals(sandbox.clientSecret)).toBe(true);
});
