/**
 * FAPI 2.0 Security Profile, client credentials grant: each of the test modules that `FAPI2SP OP Client
 * Credentials Grant` is certified by, for a client with `private_key_jwt` and DPoP.
 */
import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { dpopProof, jwtBy, partnerKey, rawJws, thumbprint } from '../oauth/client-keys.ts';
import type { PartnerKey } from '../oauth/client-keys.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import { call, postForm } from './wire.ts';

const { sandbox } = localStages();
const insecure = { [oauth.allowInsecureRequests]: true };
const scope = 'orders:read';
const tokenEndpoint = `${sandbox.issuer}/oauth/token`;
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
/** Needs an account: for a client of its own it is 403 once the token was let through, 401 if it was not. */
const resource = `${sandbox.issuer}/rest/v1/users/MAG1`;

type Changes = Readonly<Record<string, unknown>>;
const now = () => Math.floor(Date.now() / 1000);

const keys = { PS256: await partnerKey('PS256'), ES256: await partnerKey('ES256') };
const options = ['--dpop'];
const [ps256, es256, second] = await Promise.all([
  registerPartner(sandbox, { publicKey: keys.PS256.publicKey, options }),
  registerPartner(sandbox, { publicKey: keys.ES256.publicKey, options }),
  registerPartner(sandbox, { publicKey: (await partnerKey('ES256')).publicKey, options }),
]);
const clients = { PS256: ps256, ES256: es256 };
/** What the partner binds its tokens to. */
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

/** Asks for a token as the PS256 client does, but for what is given. */
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
  assert.equal(status, 200, JSON.stringify(body));
  return String(body['access_token']);
}

const callResource = (token: string, dpop?: string, scheme = 'DPoP') =>
  call(resource, { headers: { authorization: `${scheme} ${token}`, ...(dpop !== undefined && { dpop }) } });

async function assertLetThrough(answer: ReturnType<typeof callResource>) {
  const { status, body } = await answer;
  expect([status, body]).toStrictEqual([
    403,
    { code: 403, message: 'This requires the session of an account.' },
  ]);
}

/** A proof that is refused: 400 at the token endpoint, 401 with a challenge at the resource. */
async function assertProofRefused(
  make: (proof: (changes: Changes, header?: Changes) => Promise<string>) => Promise<string> | string,
  token: string,
) {
  const atToken = await requestToken({ dpop: await make(proofAtToken) });
  expect([atToken.status, atToken.body['error']]).toStrictEqual([400, 'invalid_dpop_proof']);
  const proof = await make((changes, header) => proofAtResource(token, changes, header));
  await assertRefused(callResource(token, proof), 'invalid_dpop_proof');
}

async function assertRefused(answer: ReturnType<typeof callResource>, error: string) {
  const { status, headers } = await answer;
  expect(status).toBe(401);
  const challenge = headers.get('www-authenticate') ?? '';
  expect(challenge).toMatch(/^DPoP realm="sandbox", .*algs="[^"]*ES256[^"]*"$/);
  assert.ok(challenge.includes(`error="${error}"`), challenge);
}

/** A client that is refused: always the same, whatever was wrong. */
async function assertClientRefused(answer: ReturnType<typeof requestToken>) {
  const { status, headers, body } = await answer;
  assert.equal(status, 401, JSON.stringify(body));
  expect(body).toStrictEqual({
    error: 'invalid_client',
    error_description: 'Client authentication failed.',
  });
  expect(headers.get('cache-control')).toBe('no-store');
}

describe('discovery endpoint verification', () => {
  const issuer = new URL(sandbox.issuer);

  test.each(['oauth2', 'oidc'] as const)('%s', async (algorithm) => {
    const response = await oauth.discoveryRequest(issuer, { algorithm, ...insecure });
    const as = await oauth.processDiscoveryResponse(issuer, response);
    expect(as.token_endpoint).toBe(tokenEndpoint);
    assert.ok(as.grant_types_supported?.includes('client_credentials'));
    assert.ok(as.token_endpoint_auth_methods_supported?.includes('private_key_jwt'));
    for (const url of [as.jwks_uri, as.revocation_endpoint, as.introspection_endpoint]) {
      assert.ok(url?.startsWith(`${sandbox.issuer}/`), url);
    }
    for (const algorithms of [
      as.token_endpoint_auth_signing_alg_values_supported ?? [],
      as.dpop_signing_alg_values_supported ?? [],
    ]) {
      for (const alg of ['PS256', 'ES256', 'EdDSA']) assert.ok(algorithms.includes(alg), alg);
      expect(algorithms.some((alg) => alg === 'none' || alg.startsWith('HS'))).toBe(false);
    }
  });
});

for (const alg of ['PS256', 'ES256'] as const) {
  test(`happy flow: ${alg}, by oauth4webapi`, async () => {
    const issuer = new URL(sandbox.issuer);
    const discovery = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
    const as = await oauth.processDiscoveryResponse(issuer, discovery);
    const client = { client_id: clients[alg].clientId };
    const { privateKey: key, publicKey } = keys[alg];
    assert.ok(!(key instanceof Uint8Array));
    const pair = await oauth.generateKeyPair('ES256', { extractable: true });
    const DPoP = oauth.DPoP({}, pair);
    const answer = await oauth.clientCredentialsGrantRequest(
      as,
      client,
      oauth.PrivateKeyJwt({ key, kid: publicKey.kid }),
      { scope },
      { DPoP, ...insecure },
    );
    const tokens = await oauth.processClientCredentialsResponse(as, client, answer);
    expect(tokens.token_type).toBe('dpop');
    expect(tokens.scope).toBe(scope);
    const jkt = await calculateJwkThumbprint(await crypto.subtle.exportKey('jwk', pair.publicKey));
    expect(decodeJwt(tokens.access_token)['cnf']).toStrictEqual({ jkt });

    const protectedAnswer = await oauth.protectedResourceRequest(
      tokens.access_token,
      'GET',
      new URL(resource),
      undefined,
      undefined,
      { DPoP, ...insecure },
    );
    expect(protectedAnswer.status).toBe(403);
    expect(await protectedAnswer.json()).toStrictEqual({
      code: 403,
      message: 'This requires the session of an account.',
    });
  });
}

test.each(['DPoP', 'dpop', 'DPOP', 'dPoP'])(
  'access token type header case insensitivity: %s',
  async (scheme) => {
    const token = await boundToken();

    await assertLetThrough(callResource(token, await proofAtResource(token), scheme));
  },
);

const heldToken = await boundToken();

describe('DPoP proof with bad nbf/exp', () => {
  const bad: Record<string, () => Changes> = {
    'an nbf 5 minutes ahead': () => ({ nbf: now() + 300 }),
    'an exp 5 minutes ago': () => ({ exp: now() - 300 }),
    'an iat 5 minutes ahead': () => ({ iat: now() + 300 }),
    'an iat 5 minutes ago': () => ({ iat: now() - 300 }),
  };
  for (const [name, changes] of Object.entries(bad)) {
    test(name, () => assertProofRefused((proof) => proof(changes()), heldToken));
  }
});

for (const seconds of [-10, 10]) {
  test(`DPoP iat ${Math.abs(seconds)} s ${seconds < 0 ? 'before' : 'after'}`, async () => {
    const answer = await requestToken({ dpop: await proofAtToken({ iat: now() + seconds }) });
    assert.equal(answer.status, 200, answer.text);
    const token = String(answer.body['access_token']);
    await assertLetThrough(callResource(token, await proofAtResource(token, { iat: now() + seconds })));
  });
}

describe('DPoP negative cases', () => {
  const { alg: _, kid: __, ...jwk } = holder.publicKey;
  const claims = (changes: Changes) => ({ jti: randomUUID(), iat: now(), ...changes });

  test('wrong htm', () => assertProofRefused((proof) => proof({ htm: 'PUT' }), heldToken));

  test('wrong htu', async () => {
    await assertProofRefused((proof) => proof({ htu: `${sandbox.issuer}/elsewhere` }), heldToken);
    await assertProofRefused((proof) => proof({ htu: 'https://sandbox.example.com/oauth/token' }), heldToken);
  });

  test('wrong ath, and none', async () => {
    const other = await boundToken();
    await assertRefused(callResource(heldToken, await proofAtResource(other)), 'invalid_dpop_proof');
    const none = await proofAtResource(heldToken, { ath: undefined });
    await assertRefused(callResource(heldToken, none), 'invalid_dpop_proof');
  });

  /** The claims that would be right at both places, so that the signature alone is wrong. */
  const forged = (header: Changes, sign: (input: string) => string | Buffer) => async () => {
    const make = (changes: Changes) => rawJws({ typ: 'dpop+jwt', jwk, ...header }, claims(changes), sign);
    const atToken = await requestToken({ dpop: make({ htm: 'POST', htu: tokenEndpoint }) });
    expect([atToken.status, atToken.body['error']]).toStrictEqual([400, 'invalid_dpop_proof']);
    const { ath } = decodeJwt(await proofAtResource(heldToken));
    const proof = make({ htm: 'GET', htu: resource, ath });
    await assertRefused(callResource(heldToken, proof), 'invalid_dpop_proof');
  };
  test(
    'alg none',
    forged({ alg: 'none' }, () => ''),
  );
  const symmetric = { kty: 'oct', k: Buffer.from('secret'.repeat(8)).toString('base64url') };
  test(
    'symmetric alg',
    forged({ alg: 'HS256', jwk: symmetric }, (input) =>
      createHmac('sha256', 'secret'.repeat(8)).update(input).digest(),
    ),
  );

  test('private key in header', async () => {
    const withPrivate = { ...jwk, d: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE' };
    await assertProofRefused((proof) => proof({}, { jwk: withPrivate }), heldToken);
  });

  test('another typ', () => assertProofRefused((proof) => proof({}, { typ: 'JWT' }), heldToken));

  test('missing jti', () => assertProofRefused((proof) => proof({ jti: undefined }), heldToken));

  test('replayed jti, at the heldToken endpoint and at the resource', async () => {
    const first = await proofAtToken();
    expect((await requestToken({ dpop: first })).status).toBe(200);
    const again = await requestToken({ dpop: first });
    expect([again.status, again.body['error']]).toStrictEqual([400, 'invalid_dpop_proof']);

    const proof = await proofAtResource(heldToken);
    await assertLetThrough(callResource(heldToken, proof));
    await assertRefused(callResource(heldToken, proof), 'invalid_dpop_proof');
  });

  test('of one proof that is sent many times at once exactly one wins', async () => {
    const dpop = await proofAtToken();
    const answers = await Promise.all(Array.from({ length: 5 }, () => requestToken({ dpop })));
    const errors = answers.filter(({ status }) => status !== 200).map(({ body }) => body['error']);
    expect(errors).toStrictEqual(Array(4).fill('invalid_dpop_proof'));
  });
});

describe('holder of key required', () => {
  test('no token without a proof', async () => {
    const { status, body } = await requestToken({ dpop: 'none' });
    expect([status, body['error']]).toStrictEqual([400, 'invalid_dpop_proof']);
  });

  test('the token is bound to the key of the proof', async () => {
    expect(decodeJwt(await boundToken())['cnf']).toStrictEqual({ jkt: await thumbprint(holder) });
  });

  test('no call as a bearer, with a proof and without', async () => {
    const token = await boundToken();
    await assertRefused(callResource(token, undefined, 'Bearer'), 'invalid_token');
    await assertRefused(callResource(token, await proofAtResource(token), 'Bearer'), 'invalid_token');
  });

  test('no call without a proof', async () => {
    await assertRefused(callResource(await boundToken()), 'invalid_dpop_proof');
  });

  test('no call with the proof of another key', async () => {
    const token = await boundToken();
    const thief = await partnerKey('ES256');
    const proof = await dpopProof(thief, { htm: 'GET', htu: resource, iat: now(), accessToken: token });
    await assertRefused(callResource(token, proof), 'invalid_dpop_proof');
  });
});

test('client_id in the token endpoint must match', async () => {
  const right = await requestToken({ client_id: ps256.clientId });
  assert.equal(right.status, 200, right.text);
  await assertClientRefused(requestToken({ client_id: second.clientId }));
  await assertClientRefused(requestToken({ client_id: 'nobody' }));
});

describe('client assertion must match the client', () => {
  const others: Record<string, () => Promise<string>> = {
    'iss of another': () => assertionOf({ iss: second.clientId }),
    'sub of another': () => assertionOf({ sub: second.clientId }),
    'signed by another': () => assertionOf({}, keys.ES256),
    'all of another but the key': () => assertionOf({ iss: second.clientId, sub: second.clientId }),
  };
  for (const [name, make] of Object.entries(others)) {
    test(name, async () => assertClientRefused(requestToken({ assertion: await make() })));
    test(`${name}, with its own client_id beside`, async () =>
      assertClientRefused(requestToken({ assertion: await make(), client_id: ps256.clientId })));
  }
});

test('assertion signed RS256 refused where PS256, ES256 or EdDSA is required', async () => {
  const rs256 = await partnerKey('RS256', keys.PS256.publicKey.kid);
  // The very key that is registered, with the other algorithm.
  expect(rs256.publicKey.n).toBe(keys.PS256.publicKey.n);
  await assertClientRefused(requestToken({ assertion: await assertionOf({}, rs256) }));
});

test('assertion expired 5 minutes ago', async () => {
  const assertion = await assertionOf({ iat: now() - 360, exp: now() - 300 });
  await assertClientRefused(requestToken({ assertion }));
});

test.each(['https://sandbox.example.com', `${sandbox.issuer}.example.org`, undefined])(
  'assertion with a wrong audience: %s',
  async (aud) => {
    await assertClientRefused(requestToken({ assertion: await assertionOf({ aud }) }));
  },
);

test.each([undefined, null, '', 5, [ps256.clientId], { length: 1, toString: 1, valueOf: 1 }])(
  'assertion without a subject: %s',
  async (sub) => {
    await assertClientRefused(requestToken({ assertion: await assertionOf({ sub }) }));
    const assertion = await assertionOf({ sub });
    await assertClientRefused(requestToken({ assertion, client_id: ps256.clientId }));
  },
);

test('an assertion is used once', async () => {
  const assertion = await assertionOf();
  expect((await requestToken({ assertion })).status).toBe(200);
  await assertClientRefused(requestToken({ assertion }));
});
