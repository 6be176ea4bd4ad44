/**
 * FAPI 2.0 Security Profile, client credentials grant: each of the test modules that `FAPI2SP OP Client
 * Credentials Grant` is certified by, for a client with `private_key_jwt` and DPoP.
 */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { bareJwk, dpopProof, jwtBy, partnerKey, rawJws, thumbprint } from '../oauth/client-keys.ts';
import type { PartnerKey } from '../oauth/client-keys.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import { call, postForm } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const { sandbox } = localStages();
const insecure = { [oauth.allowInsecureRequests]: true };
const scope = 'orders:read';
const tokenEndpoint = `${sandbox.issuer}/oauth/token`;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Requires an account: for a client without one it is 403 if the authorizer accepts the token, 401 otherwise. */
const resource = `${sandbox.issuer}/rest/v1/users/MAG1`;

type Changes = Readonly<Record<string, unknown>>;
const now = () => Math.floor(Date.now() / 1000);

const keys = { PS256: await partnerKey('PS256'), ES256: await partnerKey('ES256') };
const options = ['--fapi'];
const [ps256, es256, second] = await Promise.all([
  registerPartner(sandbox, { publicKey: keys.PS256.publicKey, options }),
  registerPartner(sandbox, { publicKey: keys.ES256.publicKey, options }),
  registerPartner(sandbox, { publicKey: (await partnerKey('ES256')).publicKey, options }),
]);
const clients = { PS256: ps256, ES256: es256 };
/** The key to which the partner binds its tokens. */
const holder = await partnerKey('ES256');

const assertionClaims = (clientId: string, changes: Changes = {}) => ({
  iss: clientId,
  sub: clientId,
  aud: sandbox.issuer,
  iat: now(),
  exp: now() + 60,
  jti: randomUUID(),
  ...changes,
});
const assertionOf = (changes: Changes = {}, key: PartnerKey = keys.PS256) =>
  jwtBy(key, assertionClaims(ps256.clientId, changes));

const proofAtToken = (changes: Changes = {}, header: Changes = {}) =>
  dpopProof(holder, { htm: 'POST', htu: tokenEndpoint, iat: now(), ...changes }, header);
const proofAtResource = (accessToken: string, changes: Changes = {}, header: Changes = {}) =>
  dpopProof(holder, { htm: 'GET', htu: resource, iat: now(), accessToken, ...changes }, header);

/** Requests a token as the PS256 client does, with the given changes. */
async function requestToken({
  assertion,
  dpop,
  ...form
}: { assertion?: string; dpop?: string | undefined; client_id?: string } = {}) {
  const proof = dpop ?? (await proofAtToken());
  return postForm(
    tokenEndpoint,
    {
      grant_type: 'client_credentials',
      client_assertion_type: assertionType,
      client_assertion: assertion ?? (await assertionOf()),
      scope,
      ...form,
    },
    proof === 'none' ? {} : { dpop: proof },
  );
}

async function boundToken() {
  const { status, body } = await requestToken();
  expect(status).toBe(200);
  return String(body['access_token']);
}

const callResource = (token: string, dpop?: string, scheme = 'DPoP') =>
  call(resource, { headers: { authorization: `${scheme} ${token}`, ...(dpop !== undefined && { dpop }) } });

async function expectAccepted(pending: Promise<JsonResponse>) {
  const { status, body } = await pending;
  expect([status, body]).toStrictEqual([
    403,
    { code: 403, message: 'This requires the session of an account.' },
  ]);
}

async function expectProofRefusedAtToken(dpop: string) {
  const { status, body } = await requestToken({ dpop });
  expect([status, body['error']]).toStrictEqual([400, 'invalid_dpop_proof']);
}

async function expectRefused(pending: Promise<JsonResponse>, error: string) {
  const { status, headers } = await pending;
  expect(status).toBe(401);
  const challenge = headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^DPoP realm="sandbox", .*algs="[^"]*ES256[^"]*"$/);
  expect(challenge).toContain(`error="${error}"`);
}

/** A refusal of a client says what is wrong only to the holder of its key, and otherwise always the same. */
async function expectClientRefused(
  pending: Promise<JsonResponse>,
  description = /^Client authentication failed\.$/,
) {
  const { status, headers, body } = await pending;
  expect(status).toBe(401);
  expect(Object.keys(body)).toStrictEqual(['error', 'error_description']);
  expect(body['error']).toBe('invalid_client');
  expect(body['error_description']).toMatch(description);
  expect(headers.get('cache-control')).toBe('no-store');
}

const issuer = new URL(sandbox.issuer);
const discover = async (algorithm: 'oauth2' | 'oidc') =>
  oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, { algorithm, ...insecure }));

describe.each([
  ['oauth2', await discover('oauth2')],
  ['oidc', await discover('oidc')],
] as const)('FAPI 2.0, discovery endpoint verification, %s', (_algorithm, as) => {
  test('names the token endpoint', () => {
    expect(as.token_endpoint).toBe(tokenEndpoint);
  });

  test.each([
    ['grant_types_supported', 'client_credentials'],
    ['token_endpoint_auth_methods_supported', 'private_key_jwt'],
  ])('lists in %s: %s', (member, value) => {
    expect(as[member]).toContain(value);
  });

  test.each(['jwks_uri', 'revocation_endpoint', 'introspection_endpoint'])(
    'names a URL of the issuer as %s',
    (member) => {
      const url = as[member] as string | undefined;
      expect(url?.startsWith(`${sandbox.issuer}/`)).toBe(true);
    },
  );

  describe.each(['token_endpoint_auth_signing_alg_values_supported', 'dpop_signing_alg_values_supported'])(
    '%s',
    (member) => {
      const algorithms = (as[member] ?? []) as readonly string[];

      test.each(['PS256', 'ES256', 'EdDSA'])('contains %s', (alg) => {
        expect(algorithms).toContain(alg);
      });

      test('contains neither none nor a symmetric algorithm', () => {
        expect(algorithms.filter((alg) => alg === 'none' || alg.startsWith('HS'))).toStrictEqual([]);
      });
    },
  );
});

describe('FAPI 2.0, happy flow', () => {
  test.each(['PS256', 'ES256'] as const)(
    'oauth4webapi gets and uses a token as a client with %s',
    async (alg) => {
      const as = await discover('oauth2');
      const client = { client_id: clients[alg].clientId };
      const { privateKey: key, publicKey } = keys[alg];
      assert.ok(!(key instanceof Uint8Array));
      const pair = await oauth.generateKeyPair('ES256', { extractable: true });
      const DPoP = oauth.DPoP({}, pair);
      const response = await oauth.clientCredentialsGrantRequest(
        as,
        client,
        oauth.PrivateKeyJwt({ key, kid: publicKey.kid }),
        { scope },
        { DPoP, ...insecure },
      );
      const tokens = await oauth.processClientCredentialsResponse(as, client, response);
      expect(tokens.token_type).toBe('dpop');
      expect(tokens.scope).toBe(scope);
      const jkt = await calculateJwkThumbprint(await crypto.subtle.exportKey('jwk', pair.publicKey));
      expect(decodeJwt(tokens.access_token)['cnf']).toStrictEqual({ jkt });

      const protectedResponse = await oauth.protectedResourceRequest(
        tokens.access_token,
        'GET',
        new URL(resource),
        undefined,
        undefined,
        { DPoP, ...insecure },
      );
      expect(protectedResponse.status).toBe(403);
      expect(await protectedResponse.json()).toStrictEqual({
        code: 403,
        message: 'This requires the session of an account.',
      });
    },
  );
});

const heldToken = await boundToken();

describe('FAPI 2.0, access token type header case insensitivity', () => {
  test.each(['DPoP', 'dpop', 'DPOP', 'dPoP'])('the resource accepts the scheme %s', async (scheme) => {
    await expectAccepted(callResource(heldToken, await proofAtResource(heldToken), scheme));
  });
});

type MakeProof = (proof: (changes: Changes, header?: Changes) => Promise<string>) => Promise<string>;

/** A proof that is refused: 400 at the token endpoint, 401 with a challenge at the resource. */
function refusesProof(name: string, make: MakeProof) {
  test(`the token endpoint refuses ${name}`, async () => {
    await expectProofRefusedAtToken(await make(proofAtToken));
  });

  test(`the resource refuses ${name}`, async () => {
    const proof = await make((changes, header) => proofAtResource(heldToken, changes, header));
    await expectRefused(callResource(heldToken, proof), 'invalid_dpop_proof');
  });
}

describe('FAPI 2.0, DPoP proof with a bad time', () => {
  refusesProof('an nbf 5 minutes ahead', (proof) => proof({ nbf: now() + 300 }));
  refusesProof('an exp 5 minutes ago', (proof) => proof({ exp: now() - 300 }));
  refusesProof('an iat 5 minutes ahead', (proof) => proof({ iat: now() + 300 }));
  refusesProof('an iat 5 minutes ago', (proof) => proof({ iat: now() - 300 }));
});

describe('FAPI 2.0, DPoP proof with an iat within the tolerance', () => {
  test.each([
    ['10 s ago', -10],
    ['10 s ahead', 10],
  ])('the token endpoint and the resource accept an iat %s', async (_name, seconds) => {
    const response = await requestToken({ dpop: await proofAtToken({ iat: now() + seconds }) });
    expect(response.status).toBe(200);
    const token = String(response.body['access_token']);
    await expectAccepted(callResource(token, await proofAtResource(token, { iat: now() + seconds })));
  });
});

describe('FAPI 2.0, DPoP negative cases', () => {
  const jwk = bareJwk(holder);

  refusesProof('another htm', (proof) => proof({ htm: 'PUT' }));
  refusesProof('the htu of another path', (proof) => proof({ htu: `${sandbox.issuer}/elsewhere` }));
  refusesProof('the htu of another host', (proof) =>
    proof({ htu: 'https://sandbox.example.com/oauth/token' }),
  );
  refusesProof('a private key in the header', (proof) =>
    proof({}, { jwk: { ...jwk, d: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE' } }),
  );
  refusesProof('another typ', (proof) => proof({}, { typ: 'JWT' }));
  refusesProof('a proof without jti', (proof) => proof({ jti: undefined }));

  test('the resource refuses the ath of another token', async () => {
    const proof = await proofAtResource(await boundToken());
    await expectRefused(callResource(heldToken, proof), 'invalid_dpop_proof');
  });

  test('the resource refuses a proof without ath', async () => {
    const proof = await proofAtResource(heldToken, { ath: undefined });
    await expectRefused(callResource(heldToken, proof), 'invalid_dpop_proof');
  });

  const symmetric = { kty: 'oct', k: Buffer.from('secret'.repeat(8)).toString('base64url') };
  describe.each<[string, Changes, (input: string) => string | Buffer]>([
    ['alg none', { alg: 'none' }, () => ''],
    [
      'a symmetric alg',
      { alg: 'HS256', jwk: symmetric },
      (input) => createHmac('sha256', 'secret'.repeat(8)).update(input).digest(),
    ],
  ])('%s', (_name, header, sign) => {
    // The claims are right in both places, so that only the signature is wrong.
    const forged = (claims: Changes) =>
      rawJws({ typ: 'dpop+jwt', jwk, ...header }, { jti: randomUUID(), iat: now(), ...claims }, sign);

    test('the token endpoint refuses the proof', async () => {
      await expectProofRefusedAtToken(forged({ htm: 'POST', htu: tokenEndpoint }));
    });

    test('the resource refuses the proof', async () => {
      const { ath } = decodeJwt(await proofAtResource(heldToken));
      const proof = forged({ htm: 'GET', htu: resource, ath });
      await expectRefused(callResource(heldToken, proof), 'invalid_dpop_proof');
    });
  });

  test('the token endpoint refuses a replayed proof', async () => {
    const dpop = await proofAtToken();
    expect((await requestToken({ dpop })).status).toBe(200);
    await expectProofRefusedAtToken(dpop);
  });

  test('the resource refuses a replayed proof', async () => {
    const proof = await proofAtResource(heldToken);
    await expectAccepted(callResource(heldToken, proof));
    await expectRefused(callResource(heldToken, proof), 'invalid_dpop_proof');
  });

  test('the token endpoint accepts one proof once when it is sent concurrently', async () => {
    const dpop = await proofAtToken();
    const responses = await Promise.all(Array.from({ length: 5 }, () => requestToken({ dpop })));
    const errors = responses.filter(({ status }) => status !== 200).map(({ body }) => body['error']);
    expect(errors).toStrictEqual(Array(4).fill('invalid_dpop_proof'));
  });
});

describe('FAPI 2.0, holder of key required', () => {
  test('the token endpoint issues no token without a proof', async () => {
    await expectProofRefusedAtToken('none');
  });

  test('the token endpoint binds the token to the key of the proof', async () => {
    expect(decodeJwt(await boundToken())['cnf']).toStrictEqual({ jkt: await thumbprint(holder) });
  });

  test('the resource refuses a bound token as a bearer token', async () => {
    await expectRefused(callResource(heldToken, undefined, 'Bearer'), 'invalid_token');
  });

  test('the resource refuses a bound token as a bearer token with a proof', async () => {
    const proof = await proofAtResource(heldToken);
    await expectRefused(callResource(heldToken, proof, 'Bearer'), 'invalid_token');
  });

  test('the resource refuses a bound token without a proof', async () => {
    await expectRefused(callResource(heldToken), 'invalid_dpop_proof');
  });

  test('the resource refuses a bound token with the proof of another key', async () => {
    const thief = await partnerKey('ES256');
    const claims = { htm: 'GET', htu: resource, iat: now(), accessToken: heldToken };
    await expectRefused(callResource(heldToken, await dpopProof(thief, claims)), 'invalid_dpop_proof');
  });
});

describe('FAPI 2.0, client_id beside the assertion', () => {
  test('the token endpoint accepts the client_id of the assertion', async () => {
    expect((await requestToken({ client_id: ps256.clientId })).status).toBe(200);
  });

  test.each([
    ['another client', second.clientId],
    ['an unknown client', 'nobody'],
  ])('the token endpoint refuses the client_id of %s', async (_name, client_id) => {
    await expectClientRefused(requestToken({ client_id }));
  });
});

/** An assertion that is refused alone, and beside the client_id of the client that sends it. */
function refusesAssertion(name: string, make: () => Promise<string>, description?: RegExp) {
  test(`the token endpoint refuses ${name}`, async () => {
    await expectClientRefused(requestToken({ assertion: await make() }), description);
  });

  test(`the token endpoint refuses ${name}, beside a client_id`, async () => {
    await expectClientRefused(
      requestToken({ assertion: await make(), client_id: ps256.clientId }),
      description,
    );
  });
}

describe('FAPI 2.0, client assertion of another client', () => {
  refusesAssertion(
    'the iss of another client',
    () => assertionOf({ iss: second.clientId }),
    /The iss and the sub/,
  );
  refusesAssertion('the sub of another client', () => assertionOf({ sub: second.clientId }));
  refusesAssertion('the signature of another client', () => assertionOf({}, keys.ES256));
  refusesAssertion('the iss and sub of another client', () =>
    assertionOf({ iss: second.clientId, sub: second.clientId }),
  );
});

describe('FAPI 2.0, client assertion', () => {
  test('the token endpoint refuses RS256, even with the key that is registered', async () => {
    const rs256 = await partnerKey('RS256', keys.PS256.publicKey.kid);
    // The same key as the registered one, with the other algorithm.
    expect(rs256.publicKey.n).toBe(keys.PS256.publicKey.n);
    await expectClientRefused(requestToken({ assertion: await assertionOf({}, rs256) }));
  });

  test('the token endpoint refuses an assertion that expired 5 minutes ago', async () => {
    const assertion = await assertionOf({ iat: now() - 360, exp: now() - 300 });
    await expectClientRefused(requestToken({ assertion }), /its exp is in the past/);
  });

  test.each([
    ['of another issuer', 'https://sandbox.example.com'],
    ['that begins with the issuer', `${sandbox.issuer}.example.org`],
    ['that is a list of the issuer', [sandbox.issuer]],
    ['that is the token endpoint', tokenEndpoint],
    ['that is absent', undefined],
  ])('the token endpoint refuses an audience %s', async (_name, aud) => {
    const assertion = await assertionOf({ aud });
    await expectClientRefused(requestToken({ assertion }), /aud of the assertion must be the issuer/);
  });

  refusesAssertion('an absent sub', () => assertionOf({ sub: undefined }));
  refusesAssertion('a sub that is null', () => assertionOf({ sub: null }));
  refusesAssertion('an empty sub', () => assertionOf({ sub: '' }));
  refusesAssertion('a sub that is a number', () => assertionOf({ sub: 5 }));
  refusesAssertion('a sub that is an array', () => assertionOf({ sub: [ps256.clientId] }));
  refusesAssertion('a sub that is an object', () =>
    assertionOf({ sub: { length: 1, toString: 1, valueOf: 1 } }),
  );

  test('the token endpoint accepts an assertion once', async () => {
    const assertion = await assertionOf();
    expect((await requestToken({ assertion })).status).toBe(200);
    await expectClientRefused(requestToken({ assertion }), /was used before/);
  });
});
