/** Keys that partners register as they have them, and the assertions that they sign with them, over HTTP. */
import { constants, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { AssertionAlgorithm } from '../../src/clients/client.ts';
import { rawJws } from '../oauth/client-keys.ts';
import { operatorJson } from './operator.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import { postForm } from './wire.ts';

const { sandbox } = localStages();
const tokenEndpoint = `${sandbox.issuer}/oauth/token`;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const now = () => Math.floor(Date.now() / 1000);

type Changes = Readonly<Record<string, unknown>>;
interface Signer {
  readonly clientId: string;
  readonly privateKey: KeyObject;
  readonly alg: AssertionAlgorithm;
  readonly header?: Changes;
}

const claimsOf = (clientId: string, changes: Changes = {}) => ({
  iss: clientId,
  sub: clientId,
  aud: sandbox.issuer,
  exp: now() + 60,
  jti: randomUUID(),
  ...changes,
});
/** As a program signs with OpenSSL, which, other than jose, signs with a key for RSASSA-PSS alone. */
const assertionBy = ({ clientId, privateKey, alg, header }: Signer, changes: Changes = {}) =>
  rawJws({ alg, ...header }, claimsOf(clientId, changes), (input) =>
    sign(alg === 'EdDSA' ? null : `sha${alg.slice(2)}`, Buffer.from(input), {
      key: privateKey,
      dsaEncoding: 'ieee-p1363',
      ...(alg.startsWith('PS') && {
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
      }),
    }),
  );

const sendTo = (path: string, client_assertion: string, form: Record<string, string>) =>
  postForm(sandbox.issuer + path, { client_assertion_type: assertionType, client_assertion, ...form });
const requestToken = (assertion: string, form: Record<string, string> = {}) =>
  sendTo('/oauth/token', assertion, { grant_type: 'client_credentials', scope: 'orders:read', ...form });
const token = (signer: Signer, changes: Changes = {}) => requestToken(assertionBy(signer, changes));

const pemOf = (key: KeyObject) => key.export({ type: 'spki', format: 'pem' }).toString();
/** A file of a partner, for the commands that read one. */
async function addKeys(clientId: string, keyFile: string): Promise<unknown> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-keys-'));
  try {
    await writeFile(join(folder, 'keys'), keyFile);
    return await operatorJson(sandbox, 'client', 'add-key', clientId, '--public-key', join(folder, 'keys'));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
const pss = generateKeyPairSync('rsa-pss', { modulusLength: 2_048 });
const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed25519 = generateKeyPairSync('ed25519');
const jwk = p256.publicKey.export({ format: 'jwk' });
const rsaJwk = rsa.publicKey.export({ format: 'jwk' });
const encryption = { ...rsaJwk, kid: 'encryption', use: 'enc' };
const register = async (keyFile: string, ...options: string[]) =>
  (await registerPartner(sandbox, { keyFile, options })).clientId;

const bareRsa = await register(pemOf(rsa.publicKey));
const ps256 = await register(pemOf(rsa.publicKey), '--alg', 'PS256', '--kid', 'acme-2026');
const pssPem = await register(pemOf(pss.publicKey));
const mixed = await register(pemOf(p256.publicKey) + pemOf(ed25519.publicKey));
const set = await register(JSON.stringify({ keys: [encryption, { ...jwk, kid: 'signing', use: 'sig' }] }));
const fapi = await register(pemOf(rsa.publicKey), '--fapi');

const byRsa: Signer = { clientId: bareRsa, privateKey: rsa.privateKey, alg: 'RS256' };
const byP256: Signer = { clientId: mixed, privateKey: p256.privateKey, alg: 'ES256' };

describe('token endpoint, assertion with a registered key', () => {
  test.each<[string, Signer]>([
    ['RS256 of a bare RSA key', byRsa],
    ['PS256 of a bare RSA key', { ...byRsa, alg: 'PS256' }],
    ['any kid where the key states none', { ...byRsa, header: { kid: 'of-the-partner' } }],
    ['PS256 of a key that is for it', { ...byRsa, clientId: ps256, alg: 'PS256' }],
    [
      'the kid that the operator stated',
      { ...byRsa, clientId: ps256, alg: 'PS256', header: { kid: 'acme-2026' } },
    ],
    ['PS256 of an RSASSA-PSS key', { clientId: pssPem, privateKey: pss.privateKey, alg: 'PS256' }],
    ['the first key of a PEM file', byP256],
    ['the second key of a PEM file', { clientId: mixed, privateKey: ed25519.privateKey, alg: 'EdDSA' }],
    ['the signing key of a set', { ...byP256, clientId: set, header: { kid: 'signing' } }],
  ])('accepts %s', async (_, signer) => {
    expect((await token(signer)).status).toBe(200);
  });

  test.each<[string, Signer]>([
    ['RS512 of a bare RSA key', { ...byRsa, alg: 'RS512' }],
    ['RS256 of a key that is for PS256', { ...byRsa, clientId: ps256 }],
    [
      'another kid than the operator stated',
      { ...byRsa, clientId: ps256, alg: 'PS256', header: { kid: 'x' } },
    ],
    ['a key of the set that is for encryption', { ...byRsa, clientId: set }],
  ])('refuses %s, and says nothing', async (_, signer) => {
    const { status, body } = await token(signer);
    expect([status, body]).toStrictEqual([
      401,
      { error: 'invalid_client', error_description: 'Client authentication failed.' },
    ]);
  });
});

describe('token endpoint, claims of an assertion', () => {
  test.each<[string, Changes]>([
    ['a lifetime of an hour', { exp: now() + 3_590 }],
    ['no jti', { jti: undefined }],
    ['a list of the issuer as aud', { aud: [sandbox.issuer] }],
  ])('accepts %s', async (_, changes) => {
    expect((await token(byP256, changes)).status).toBe(200);
  });

  test.each<[string, Changes, RegExp]>([
    ['exp in the past', { exp: now() - 300 }, /its exp is in the past/],
    ['a lifetime of two hours', { exp: now() + 7_200 }, /an exp, at most 3600 seconds ahead/],
    ['the token endpoint as aud', { aud: tokenEndpoint }, /aud of the assertion must be the issuer/],
    ['the issuer and another as aud', { aud: [sandbox.issuer, 'https://a.example'] }, /and nothing else/],
    ['a jti that is a number', { jti: 7 }, /jti of the assertion must be a string/],
    ['another sub', { iss: 'another' }, /iss and the sub of the assertion must be/],
  ])('refuses %s, and says so', async (_, changes, description) => {
    const { status, body } = await token(byP256, changes);
    expect([status, body['error']]).toStrictEqual([401, 'invalid_client']);
    expect(body['error_description']).toMatch(description);
  });

  test('accepts an assertion without jti once', async () => {
    const assertion = assertionBy(byP256, { jti: undefined, exp: now() + 1_234 });
    expect((await requestToken(assertion)).status).toBe(200);
    const { status, body } = await requestToken(assertion);
    expect([status, body['error_description']]).toStrictEqual([
      401,
      'The assertion was used before: make one for each request, with a jti of its own.',
    ]);
  });

  test.each(['/oauth/revoke', '/oauth/introspect'])('%s refuses its own URL as aud, too', async (path) => {
    const assertion = assertionBy(byP256, { aud: sandbox.issuer + path });
    const { status, body } = await sendTo(path, assertion, { token: 'x' });
    expect(status).toBe(401);
    expect(body['error_description']).toMatch(/aud of the assertion must be the issuer/);
  });

  test('/oauth/revoke accepts the issuer as aud', async () => {
    expect((await sendTo('/oauth/revoke', assertionBy(byP256), { token: 'x' })).status).toBe(200);
  });
});

describe('token endpoint, client under FAPI 2.0', () => {
  const byFapi: Signer = { ...byRsa, clientId: fapi, alg: 'PS256' };

  test('demands a DPoP proof of a client that has authenticated', async () => {
    const { status, body } = await token(byFapi);
    expect([status, body['error']]).toStrictEqual([400, 'invalid_dpop_proof']);
  });

  test.each<[string, Changes]>([
    ['a list of the issuer as aud', { aud: [sandbox.issuer] }],
    ['a lifetime of six minutes', { exp: now() + 360 }],
    ['no jti', { jti: undefined }],
  ])('refuses %s', async (_, changes) => {
    const { status, body } = await token(byFapi, changes);
    expect([status, body['error']]).toStrictEqual([401, 'invalid_client']);
  });

  test('refuses RS256 of its bare RSA key', async () => {
    expect((await token({ ...byFapi, alg: 'RS256' })).status).toBe(401);
  });
});

/** Keys for which anyone can sign, with a signature that their mathematics accepts. */
const worthless = {
  'an RSA key with the exponent 1': {
    jwk: { ...rsaJwk, e: 'AQ' },
    alg: 'RS256',
    signature: () => Buffer.alloc(256),
  },
  'the Ed25519 point of order 1': {
    jwk: { kty: 'OKP', crv: 'Ed25519', x: `AQ${'A'.repeat(41)}` },
    alg: 'EdDSA',
    // R is the same point, and S is 0.
    signature: () => Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]),
  },
};

describe.each(Object.entries(worthless))('%s', (_, { jwk: key, alg, signature }) => {
  test('cannot be registered', async () => {
    await expect(register(JSON.stringify(key))).rejects.toThrow(/anyone could sign for it/);
  });

  test('is refused in a DPoP proof', async () => {
    const proof = rawJws(
      { typ: 'dpop+jwt', alg, jwk: key },
      { jti: randomUUID(), htm: 'POST', htu: tokenEndpoint, iat: now() },
      signature,
    );
    const { status, body } = await postForm(
      tokenEndpoint,
      {
        grant_type: 'client_credentials',
        client_assertion_type: assertionType,
        client_assertion: assertionBy(byP256),
        scope: 'orders:read',
      },
      { dpop: proof },
    );
    expect([status, body['error']]).toStrictEqual([400, 'invalid_dpop_proof']);
    expect(body['error_description']).toMatch(/anyone could sign for it/);
  });
});

test('client add-key registers a second key, and names those that it ignores', async () => {
  const { clientId } = await registerPartner(sandbox, { keyFile: pemOf(p256.publicKey) });
  const before = await token({ ...byRsa, clientId });
  expect(before.status).toBe(401);
  const added = await addKeys(clientId, JSON.stringify({ keys: [encryption, { ...rsaJwk, kid: 'two' }] }));
  expect(added).toMatchObject({
    ignoredKeys: [{ name: 'encryption', reason: 'is not for signatures: its use is not sig' }],
  });
  expect((await token({ ...byRsa, clientId })).status).toBe(200);
});
