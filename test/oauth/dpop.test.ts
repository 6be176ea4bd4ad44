import assert from 'node:assert/strict';
import { createHash, createHmac, sign as cryptoSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { dpopVerification, generateDpopNonce, isCurrentDpopNonce } from '../../src/oauth/dpop.ts';
import type { DpopExpectation } from '../../src/oauth/dpop.ts';
import { memoryReplayStore } from '../memory/replay-store.ts';

type DpopOptions = Parameters<typeof dpopVerification>[0];

const start = 1_800_000_000;
const htm = 'POST';
const htu = 'https://sandbox.example.com/oauth/token';
const accessToken = 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln';
const sha256 = (value: string) => createHash('sha256').update(value).digest('base64url');
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A server in memory that records each write, with a clock that only the test moves. */
function server(more: Partial<DpopOptions> = {}) {
  const time = { now: start };
  const uses: { hash: string; expiresAt: number }[] = [];
  const replays = memoryReplayStore();
  const verifyDpopProof = dpopVerification({
    clock: () => time.now,
    replays: {
      firstUse(hash, expiresAt, now) {
        uses.push({ hash, expiresAt });
        return replays.firstUse(hash, expiresAt, now);
      },
    },
    ...more,
  });
  return { time, uses, verifyDpopProof };
}

interface Holder {
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly jwk: JWK;
}

async function holder(alg: string): Promise<Holder> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, jwk: await exportJWK(publicKey) };
}

type Changes = Readonly<Record<string, unknown>>;

const claimsOf = (changes: Changes) => ({ jti: randomUUID(), htm, htu, iat: start, ...changes });

/** A proof; `claims` and `header` replace members, to make it invalid, and `undefined` leaves one out. */
async function proofBy({ alg, privateKey, jwk }: Holder, claims: Changes = {}, header: Changes = {}) {
  const members = JSON.parse(JSON.stringify({ typ: 'dpop+jwt', alg, jwk, ...header }));
  return new CompactSign(Buffer.from(JSON.stringify(claimsOf(claims))))
    .setProtectedHeader(members)
    .sign(privateKey);
}

/** A proof that jose would not create. */
function rawProof(header: unknown, claims: Changes, signature: (input: string) => Buffer | string): string {
  const input = `${encode(header)}.${encode(claimsOf(claims))}`;
  return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
}

const partner = await holder('ES256');
const stranger = await holder('ES256');
const jkt = await calculateJwkThumbprint(partner.jwk);

/** The reason of a refusal, which must write nothing and repeat nothing of the proof. */
async function refusal(proof: string, expected: Partial<DpopExpectation> = {}, more?: Partial<DpopOptions>) {
  const { verifyDpopProof, uses } = server(more);
  const verified = await verifyDpopProof(proof, { htm, htu, ...expected });
  assert.ok(!verified.ok, 'must be refused');
  expect(uses).toStrictEqual([]);
  expect(verified.error.code).toBe('invalid_dpop_proof');
  expect(verified.error.description).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]{20,120}$/);
  expect(verified.error.description).not.toMatch(/secret-/);
  return verified.error.reason;
}

async function isAccepted(proof: string, expected: Partial<DpopExpectation> = {}) {
  const verified = await server().verifyDpopProof(proof, { htm, htu, ...expected });
  return verified.ok;
}

const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: partner.jwk };

/** A proof whose payload is these bytes. */
const signedPayload = (payload: string | Buffer) =>
  new CompactSign(Buffer.from(payload as string)).setProtectedHeader(header).sign(partner.privateKey);

describe('valid DPoP proof', () => {
  test.each(['ES256', 'ES384', 'ES512', 'PS256', 'RS256', 'EdDSA'])(
    'signed with %s is accepted and gives the thumbprint of its key',
    async (alg) => {
      const client = await holder(alg);
      const verified = await server().verifyDpopProof(await proofBy(client), { htm, htu });
      expect(verified).toStrictEqual({ ok: true, value: { jkt: await calculateJwkThumbprint(client.jwk) } });
    },
  );

  test('for an access token is accepted with the key that the token is bound to', async () => {
    const proof = await proofBy(partner, { ath: sha256(accessToken) });
    const verified = await server().verifyDpopProof(proof, { htm, htu, accessToken, jkt });
    expect(verified).toStrictEqual({ ok: true, value: { jkt } });
  });

  test.each<[string, Changes, Changes]>([
    ['an unknown claim', { foo: 'bar' }, {}],
    ['unknown header members', {}, { kid: 'k', jku: 'http://127.0.0.1:1/' }],
    ['a nonce that was not demanded', { nonce: 'of another server' }, {}],
    ['a jti of 200 characters', { jti: 'x'.repeat(200) }, {}],
  ])('is accepted with %s', async (_, claims, more) => {
    expect(await isAccepted(await proofBy(partner, claims, more))).toBe(true);
  });
});

describe('DPoP proofs of the examples in RFC 9449', () => {
  const rfcHeader =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
  const rfcJkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

  test('accepts the proof of a token request (§5), and gives the thumbprint of its key (§6.1)', async () => {
    const proof = `${rfcHeader}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`;
    const { verifyDpopProof, time } = server();
    time.now = 1_562_262_616;
    const expected = { htm: 'POST', htu: 'https://server.example.com/token' };
    expect(await verifyDpopProof(proof, expected)).toStrictEqual({ ok: true, value: { jkt: rfcJkt } });
  });

  const resourceProof = `${rfcHeader}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;
  const resource = {
    htm: 'GET',
    htu: 'https://resource.example.org/protectedresource',
    accessToken: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
    jkt: rfcJkt,
  };

  test('accepts the proof of a request for a protected resource (§7.1)', async () => {
    const { verifyDpopProof, time } = server();
    time.now = 1_562_262_618;
    expect(await verifyDpopProof(resourceProof, resource)).toStrictEqual({
      ok: true,
      value: { jkt: rfcJkt },
    });
  });

  test('refuses the proof of §7.1 with another access token', async () => {
    const { verifyDpopProof, time } = server();
    time.now = 1_562_262_618;
    const verified = await verifyDpopProof(resourceProof, { ...resource, accessToken: 'another' });
    expect(!verified.ok && verified.error.reason).toBe('wrong_ath');
  });
});

describe('form of a DPoP proof', () => {
  const split = async () => {
    const proof = await proofBy(partner);
    const [first = '', payload = '', signature = ''] = proof.split('.');
    return { proof, first, payload, signature };
  };
  const none = () => '';

  test.each<[string, string, () => string | Promise<string>]>([
    ['an empty string', 'malformed', () => ''],
    ['a string that is no JWT', 'malformed', () => 'secret-string'],
    ['three empty parts', 'malformed', () => '..'],
    [
      'two parts',
      'malformed',
      async () => {
        const { first, payload } = await split();
        return `${first}.${payload}`;
      },
    ],
    [
      'four parts',
      'malformed',
      async () => {
        const { proof, signature } = await split();
        return `${proof}.${signature}`;
      },
    ],
    [
      'an empty header',
      'malformed_typ',
      async () => {
        const { payload, signature } = await split();
        return `e30.${payload}.${signature}`;
      },
    ],
    [
      'a header that is a list',
      'malformed',
      async () => {
        const { payload, signature } = await split();
        return `${encode([])}.${payload}.${signature}`;
      },
    ],
    [
      'a header that is null',
      'malformed',
      async () => {
        const { payload, signature } = await split();
        return `${encode(null)}.${payload}.${signature}`;
      },
    ],
    ['a payload that is no JSON', 'malformed', () => signedPayload('secret-string')],
    ['a payload that is a list', 'malformed_jti', () => signedPayload('[]')],
    ['a payload that is null', 'malformed', () => signedPayload('null')],
    [
      'a payload that is not UTF-8',
      'malformed',
      () => signedPayload(Buffer.from(JSON.stringify(claimsOf({ foo: '\u00ff' })), 'latin1')),
    ],
    [
      'two proofs, separated by a comma',
      'several_proofs',
      async () => `${await proofBy(partner)},${await proofBy(partner)}`,
    ],
    [
      'one proof twice, separated by a comma and a space',
      'several_proofs',
      async () => {
        const { proof } = await split();
        return `${proof}, ${proof}`;
      },
    ],
    ['far too many characters', 'oversized', () => proofBy(partner, { foo: 'x'.repeat(4_096) })],
  ])('refuses %s (%s)', async (_, reason, make) => {
    expect(await refusal(await make())).toBe(reason);
  });

  /** A proof of exactly `length` characters. */
  async function ofLength(length: number) {
    const bare = (await proofBy(partner, { foo: '' }, { foo: '' })).length;
    // Base64url has no string of every length, so the filling goes into both parts until the sum is right.
    for (let filling = Math.floor((length - bare) * 0.75) - 4; ; filling += 1) {
      for (const foo of ['', '.', '..']) {
        const proof = await proofBy(partner, { foo: '.'.repeat(filling) }, { foo });
        if (proof.length === length) return proof;
        expect(proof.length).toBeLessThan(length + 8);
      }
    }
  }

  test('accepts 4096 characters', async () => {
    expect(await isAccepted(await ofLength(4_096))).toBe(true);
  });

  test('refuses 4097 characters (oversized)', async () => {
    expect(await refusal(await ofLength(4_097))).toBe('oversized');
  });

  test.each([undefined, 'JWT', 'at+jwt', 'secret-typ', 7])(
    'refuses the typ %j (malformed_typ)',
    async (typ) => {
      expect(await refusal(await proofBy(partner, {}, { typ }))).toBe('malformed_typ');
    },
  );

  describe.each(['none', 'None', 'NONE', undefined, 5])('with alg %j', (alg) => {
    test('refuses an empty signature (malformed_alg)', async () => {
      expect(await refusal(rawProof({ ...header, alg }, {}, none))).toBe('malformed_alg');
    });

    test('refuses any signature (malformed_alg)', async () => {
      expect(await refusal(rawProof({ ...header, alg }, {}, () => 'signature'))).toBe('malformed_alg');
    });
  });

  test('refuses alg ES256 without a signature (wrong_signature)', async () => {
    expect(await refusal(rawProof(header, {}, none))).toBe('wrong_signature');
  });

  test.each<[string, Changes]>([
    ['an unknown extension', { crit: ['secret-x'], 'secret-x': 1 }],
    ['an empty list', { crit: [] }],
    ['null', { crit: null }],
    ['exp', { crit: ['exp'] }],
  ])('refuses a crit of %s (malformed_crit)', async (_, more) => {
    expect(await refusal(rawProof({ ...header, ...more }, {}, () => 'signature'))).toBe('malformed_crit');
  });

  test('refuses a crit of b64, even correctly signed (malformed_crit)', async () => {
    const proof = await proofBy(partner, {}, { crit: ['b64'], b64: true });
    expect(await refusal(proof)).toBe('malformed_crit');
  });
});

describe('key and signature of a DPoP proof', () => {
  const secret = Buffer.from('secret-'.repeat(8));
  const oct = { kty: 'oct', k: secret.toString('base64url') };
  const hmac = (input: string) => createHmac('sha256', secret).update(input).digest();

  describe.each(['HS256', 'HS384', 'HS512'])('with alg %s', (alg) => {
    test('refuses a symmetric key (malformed_alg)', async () => {
      expect(await refusal(rawProof({ ...header, alg, jwk: oct }, {}, hmac))).toBe('malformed_alg');
    });

    test('refuses a public key (malformed_alg)', async () => {
      expect(await refusal(rawProof({ ...header, alg }, {}, hmac))).toBe('malformed_alg');
    });
  });

  test('refuses a symmetric key with alg ES256 (malformed_jwk)', async () => {
    expect(await refusal(rawProof({ ...header, jwk: oct }, {}, hmac))).toBe('malformed_jwk');
  });

  test.each<[string, unknown]>([
    ['that is missing', undefined],
    ['that is null', null],
    ['that is a string', 'secret-key'],
    ['that is a list', []],
    ['without members', {}],
    ['of an unknown kty', { kty: 'AKP' }],
  ])('refuses a jwk %s (malformed_jwk)', async (_, jwk) => {
    expect(await refusal(await proofBy(partner, {}, { jwk }))).toBe('malformed_jwk');
  });

  test.each<[string, () => Promise<JWK> | JWK]>([
    ['without coordinates', () => ({ kty: 'EC' })],
    ['that is no point of its curve', () => ({ ...partner.jwk, y: partner.jwk.x ?? '' })],
    ['of another curve', () => ({ ...partner.jwk, crv: 'P-384' })],
    ['for encryption', () => ({ ...partner.jwk, use: 'enc' })],
    ['for another alg', () => ({ ...partner.jwk, alg: 'ES384' })],
    ['with the operation sign alone', () => ({ ...partner.jwk, key_ops: ['sign'] })],
    ['of type RSA for alg ES256', async () => (await holder('RS256')).jwk],
  ])('refuses a jwk %s (unusable_key)', async (_, jwk) => {
    expect(await refusal(await proofBy(partner, {}, { jwk: await jwk() }))).toBe('unusable_key');
  });

  test.each(['ES256', 'PS256', 'EdDSA'])('refuses a private key for %s (private_key)', async (alg) => {
    const client = await holder(alg);
    const jwk = await exportJWK(client.privateKey);
    expect(await refusal(await proofBy(client, {}, { jwk }))).toBe('private_key');
  });

  test.each(['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth', 'priv'])(
    'refuses a public key with the private member %s (private_key)',
    async (member) => {
      const jwk = { ...partner.jwk, [member]: '' };
      expect(await refusal(await proofBy(partner, {}, { jwk }))).toBe('private_key');
    },
  );

  test('refuses an RSA key of 2040 bits (weak_key)', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_040 });
    const rsa = { ...header, alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) };
    const proof = rawProof(rsa, {}, (input) => cryptoSign('sha256', Buffer.from(input), privateKey));
    expect(await refusal(proof)).toBe('weak_key');
  });

  test.each<[string, string, Changes]>([
    ['an RSA key with the exponent 1', 'RS256', { e: 'AQ' }],
    ['an RSA key with an even exponent', 'RS256', { e: 'Ag' }],
    ['an Ed25519 point of small order', 'EdDSA', { x: `AQ${'A'.repeat(41)}` }],
    [
      'an Ed25519 point whose encoding is not canonical',
      'EdDSA',
      { x: Buffer.from(`ed${'ff'.repeat(30)}7f`, 'hex').toString('base64url') },
    ],
  ])('refuses %s, for which anyone can sign (weak_key)', async (_, alg, members) => {
    const { jwk } = await holder(alg);
    const proof = rawProof({ ...header, alg, jwk: { ...jwk, ...members } }, {}, () =>
      Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]),
    );
    expect(await refusal(proof)).toBe('weak_key');
  });

  test.each<[string, () => Promise<string>]>([
    ['by another key', () => proofBy({ ...partner, jwk: stranger.jwk })],
    [
      'of other claims',
      async () => {
        const [first, , signature] = (await proofBy(partner)).split('.');
        return `${first}.${encode(claimsOf({}))}.${signature}`;
      },
    ],
    ['with a character more', async () => `${await proofBy(partner)}A`],
  ])('refuses a signature %s (wrong_signature)', async (_, make) => {
    expect(await refusal(await make())).toBe('wrong_signature');
  });

  test('refuses a key other than the one that the access token is bound to (wrong_key)', async () => {
    const proof = await proofBy(stranger, { ath: sha256(accessToken) });
    expect(await refusal(proof, { accessToken, jkt })).toBe('wrong_key');
  });

  test('refuses any key where the expected thumbprint is empty (wrong_key)', async () => {
    const proof = await proofBy(stranger, { ath: sha256(accessToken) });
    expect(await refusal(proof, { jkt: '' })).toBe('wrong_key');
  });
});

describe('claims of a DPoP proof', () => {
  const malformed: Readonly<Record<string, readonly unknown[]>> = {
    jti: [undefined, null, '', 7, 'x'.repeat(201), ['x']],
    htm: [undefined, null, 7, ['POST']],
    htu: [undefined, null, 7, [htu]],
    iat: [undefined, null, String(start), [start], {}, true],
    exp: [null, String(start + 60), 'secret-exp', {}, true],
    nbf: [null, String(start), 'secret-nbf', {}, true],
    ath: [null, 7],
    nonce: [null, 7],
  };
  const values = Object.entries(malformed).flatMap(([claim, of]) =>
    of.map((value) => {
      const json = JSON.stringify(value) ?? 'undefined';
      return { claim, value, shown: json.length > 100 ? `of ${json.length - 2} characters` : json };
    }),
  );
  test.each(values)('refuses the $claim $shown (malformed_$claim)', async ({ claim, value }) => {
    const proof = await proofBy(partner, { [claim]: value });
    expect(await refusal(proof)).toBe(`malformed_${claim}`);
  });

  test.each(['iat', 'exp', 'nbf'])('refuses the %s 1e999, which is infinite', async (claim) => {
    const claims = JSON.stringify(claimsOf({ [claim]: 0 })).replace(`"${claim}":0`, `"${claim}":1e999`);
    expect(await refusal(await signedPayload(claims))).toBe(`malformed_${claim}`);
  });

  test.each(['GET', 'post', 'POST ', ''])('refuses the htm %j for POST (wrong_htm)', async (other) => {
    expect(await refusal(await proofBy(partner, { htm: other }))).toBe('wrong_htm');
  });

  test.each<[string, string | undefined]>([
    ['a missing ath', undefined],
    ['an empty ath', ''],
    ['the ath of another access token', sha256('another')],
    ['an ath with padding', `${sha256(accessToken)}=`],
    ['the access token itself as ath', accessToken],
  ])('refuses %s (wrong_ath)', async (_, ath) => {
    expect(await refusal(await proofBy(partner, { ath }), { accessToken })).toBe('wrong_ath');
  });
});

describe('htu of a DPoP proof', () => {
  const called = 'https://api.example.com/v1/orders/a%2Fb~c';
  const same: readonly (readonly [string, string])[] = [
    [called, called],
    ['HTTPS://API.Example.COM/v1/orders/a%2Fb~c', called],
    ['https://api.example.com:443/v1/orders/a%2Fb~c', called],
    ['https://api.example.com:/v1/orders/a%2Fb~c', called],
    ['https://api.example.com/v1/orders/a%2fb%7Ec', called],
    ['https://api.example.com/%76%31/orders/a%2Fb%7e%63', called],
    ['https://api.example.com/v1/./x/../orders/a%2Fb~c', called],
    // A path comes decoded from API Gateway: which of its slashes were encoded is lost.
    ['https://api.example.com/v1/orders/a/b~c', called],
    ['https://api.example.com/caf%C3%A9/a%20b', 'https://api.example.com/caf%c3%a9/a%20b'],
    [`${called}?page=2#top`, called],
    [called, `${called}?page=2`],
    ['https://api.example.com', 'https://api.example.com/'],
    ['https://api.example.com?x=1', 'https://api.example.com/'],
    ['http://127.0.0.1:8080/oauth/token', 'http://127.0.0.1:8080/oauth/token'],
    ['http://[::1]:80/oauth/token', 'http://[::1]/oauth/token'],
  ];
  test.each(same)('accepts %s for %s', async (claimed, expected) => {
    expect(await isAccepted(await proofBy(partner, { htu: claimed }), { htu: expected })).toBe(true);
  });

  const others = [
    'https://api.example.com/v1/orders/a%2Fb~C',
    'https://api.example.com/v1/orders/a%2Fb~c/',
    'https://api.example.com//v1/orders/a%2Fb~c',
    'https://api.example.com/v1/orders',
    'https://api.example.com:8443/v1/orders/a%2Fb~c',
    'https://api.example.com./v1/orders/a%2Fb~c',
    'https://api.example.org/v1/orders/a%2Fb~c',
    'http://api.example.com/v1/orders/a%2Fb~c',
    'http://api.example.com:443/v1/orders/a%2Fb~c',
    'https://user@api.example.com/v1/orders/a%2Fb~c',
    'https://api.example.com@attacker.example/v1/orders/a%2Fb~c',
    'https:api.example.com/v1/orders/a%2Fb~c',
    'https:///api.example.com/v1/orders/a%2Fb~c',
    'https:\\\\api.example.com\\v1\\orders\\a%2Fb~c',
    ' https://api.example.com/v1/orders/a%2Fb~c',
    'https://api.example.com/v1/or\nders/a%2Fb~c',
    'https://api.example.com:99999/v1/orders/a%2Fb~c',
    '/v1/orders/a%2Fb~c',
    'api.example.com/v1/orders/a%2Fb~c',
    'secret-string',
    '',
  ];
  test.each(others)(`refuses %j for ${called} (wrong_htu)`, async (claimed) => {
    expect(await refusal(await proofBy(partner, { htu: claimed }), { htu: called })).toBe('wrong_htu');
  });

  test('refuses a string that is no URL, even if it is the expected one (wrong_htu)', async () => {
    expect(await refusal(await proofBy(partner, { htu: 'nowhere' }), { htu: 'nowhere' })).toBe('wrong_htu');
  });
});

describe('dates of a DPoP proof', () => {
  test.each([-60, -10, 0, 10])('accepts an iat %i seconds from now', async (offset) => {
    expect(await isAccepted(await proofBy(partner, { iat: start + offset }))).toBe(true);
  });

  test.each([
    [-61, 'iat_too_old'],
    [11, 'iat_in_the_future'],
    [300, 'iat_in_the_future'],
    [-start, 'iat_too_old'],
  ])('refuses an iat %i seconds from now (%s)', async (offset, reason) => {
    expect(await refusal(await proofBy(partner, { iat: start + offset }))).toBe(reason);
  });

  test.each<[string, Changes]>([
    ['exp in 1 second', { exp: start + 1 }],
    ['nbf 60 seconds ago', { nbf: start - 60 }],
    ['nbf in 10 seconds', { nbf: start + 10 }],
  ])('accepts an %s', async (_, claims) => {
    expect(await isAccepted(await proofBy(partner, claims))).toBe(true);
  });

  test.each<[string, string, Changes]>([
    ['exp of this second', 'expired', { exp: start }],
    ['exp 300 seconds ago', 'expired', { exp: start - 300 }],
    ['exp of 0', 'expired', { exp: 0 }],
    ['nbf in 11 seconds', 'nbf_in_the_future', { nbf: start + 11 }],
    ['nbf in 300 seconds', 'nbf_in_the_future', { nbf: start + 300 }],
  ])('refuses an %s (%s)', async (_, reason, claims) => {
    expect(await refusal(await proofBy(partner, claims))).toBe(reason);
  });
});

describe('replay of a DPoP proof', () => {
  test.each([10, 0, -50, 0.5])(
    'is refused for as long as the proof could be accepted, with an iat %d seconds from now',
    async (offset) => {
      const iat = start + offset;
      const { verifyDpopProof, time } = server();
      const proof = await proofBy(partner, { iat });
      const reasons = [];
      for (time.now = start; time.now <= start + 72; time.now += 1) {
        const verified = await verifyDpopProof(proof, { htm, htu });
        reasons.push(verified.ok ? 'accepted' : verified.error.reason);
      }
      const replayed = Math.floor(iat) - start + 60;
      expect(reasons).toStrictEqual([
        'accepted',
        ...Array<string>(replayed).fill('replayed'),
        ...Array<string>(72 - replayed).fill('iat_too_old'),
      ]);
    },
  );

  const jti = 'j';
  /** The result of a second proof with the jti of one that was accepted: true, or the reason of its refusal. */
  async function secondUse(client: Holder, claims: Changes, expected: Partial<DpopExpectation> = {}) {
    const { verifyDpopProof } = server();
    const first = await verifyDpopProof(await proofBy(partner, { jti }), { htm, htu });
    assert.ok(first.ok, 'must be accepted');
    const verified = await verifyDpopProof(await proofBy(client, { jti, ...claims }), {
      htm,
      htu,
      ...expected,
    });
    return verified.ok || verified.error.reason;
  }

  test.each<[string, Changes, Partial<DpopExpectation>]>([
    ['in a proof with another iat', { iat: start - 1 }, {}],
    ['at a URL with another query', {}, { htu: `${htu}?x=1` }],
    ['at a URL with the default port', {}, { htu: htu.replace('.com/', '.com:443/') }],
  ])('is refused for the same jti and key %s', async (_, claims, expected) => {
    expect(await secondUse(partner, claims, expected)).toBe('replayed');
  });

  test('does not include the same jti of another key', async () => {
    expect(await secondUse(stranger, {})).toBe(true);
  });

  // RFC 9449 §11.1: in the context of the method and the URL.
  test.each<[string, Partial<DpopExpectation>]>([
    ['another method', { htm: 'GET' }],
    ['another path', { htu: `${htu}/x` }],
  ])('does not include the same jti for %s', async (_, target) => {
    expect(await secondUse(partner, target, target)).toBe(true);
  });

  test('is detected by a hash of fixed length, stored until a whole second', async () => {
    const { verifyDpopProof, uses } = server();
    const proof = await proofBy(partner, { jti: 'j'.repeat(200), iat: start - 1.5 });
    expect((await verifyDpopProof(proof, { htm, htu })).ok).toBe(true);
    expect(uses[0]?.hash ?? '').toMatch(/^[\w-]{43}$/);
    expect(uses[0]?.expiresAt).toBe(start - 2 + 61);
  });

  test('is neither accepted nor refused by a store that is unavailable, but throws', async () => {
    const { verifyDpopProof } = server({
      replays: { firstUse: () => Promise.reject(new Error('the store is down')) },
    });
    await expect(verifyDpopProof(await proofBy(partner), { htm, htu })).rejects.toThrow(/the store is down/);
  });
});

describe('nonce of a DPoP proof', () => {
  const key = deriveHashKeys('hash key of sandbox').dpopNonce;
  const otherKey = deriveHashKeys('hash key of production').dpopNonce;
  const nonceKey = async () => key;

  describe.each<[string, string, string | undefined]>([
    ['no nonce', 'no_nonce', undefined],
    ['an empty nonce', 'nonce_not_current', ''],
    ['a nonce that no server generated', 'nonce_not_current', 'secret-nonce'],
    ['an expired nonce', 'nonce_not_current', generateDpopNonce(key, start - 600)],
    ['a nonce of another stage', 'nonce_not_current', generateDpopNonce(otherKey, start)],
  ])('where one is demanded, a proof with %s', (_, reason, nonce) => {
    test(`is refused with use_dpop_nonce (${reason}) and writes nothing`, async () => {
      const { verifyDpopProof, uses } = server({ nonceKey });
      const verified = await verifyDpopProof(await proofBy(partner, { nonce }), { htm, htu });
      assert.ok(!verified.ok, 'must be refused');
      expect(verified.error.code).toBe('use_dpop_nonce');
      expect(verified.error.reason).toBe(reason);
      expect(verified.error.description).not.toMatch(/secret-/);
      expect(uses).toStrictEqual([]);
    });

    test('gets a nonce that is then accepted', async () => {
      const { verifyDpopProof } = server({ nonceKey });
      const verified = await verifyDpopProof(await proofBy(partner, { nonce }), { htm, htu });
      assert.ok(!verified.ok, 'must be refused');
      const next = await proofBy(partner, { nonce: verified.error.dpopNonce });
      expect((await verifyDpopProof(next, { htm, htu })).ok).toBe(true);
    });
  });

  test('where one is demanded, a refused proof leaves its jti unused', async () => {
    const { verifyDpopProof } = server({ nonceKey });
    const withoutNonce = await proofBy(partner, { jti: 'j' });
    expect((await verifyDpopProof(withoutNonce, { htm, htu })).ok).toBe(false);
    const next = await proofBy(partner, { jti: 'j', nonce: generateDpopNonce(key, start) });
    expect((await verifyDpopProof(next, { htm, htu })).ok).toBe(true);
    const again = await verifyDpopProof(next, { htm, htu });
    expect(!again.ok && again.error.reason).toBe('replayed');
  });

  test('does not make an old proof valid', async () => {
    const nonce = generateDpopNonce(key, start);
    const proof = await proofBy(partner, { nonce, iat: start - 61 });
    expect(await refusal(proof, {}, { nonceKey })).toBe('iat_too_old');
  });

  test('is not given out for a proof that is invalid in another way', async () => {
    expect(await refusal(await proofBy(partner, { htm: 'GET' }), {}, { nonceKey })).toBe('wrong_htm');
  });

  const span = Math.floor(start / 300) * 300;

  test('is a string of 43 base64url characters', () => {
    expect(generateDpopNonce(key, start)).toMatch(/^[\w-]{43}$/);
  });

  test('is the same within a span of five minutes', () => {
    expect(generateDpopNonce(key, span + 299)).toBe(generateDpopNonce(key, span));
  });

  test('is another in the next span of five minutes', () => {
    expect(generateDpopNonce(key, span + 299)).not.toBe(generateDpopNonce(key, span + 300));
  });

  test.each([0, 599])('is current %i seconds after the start of its span', (offset) => {
    expect(isCurrentDpopNonce(key, generateDpopNonce(key, span + 299), span + offset)).toBe(true);
  });

  test.each([-1, 600])('is not current %i seconds after the start of its span', (offset) => {
    expect(isCurrentDpopNonce(key, generateDpopNonce(key, span + 299), span + offset)).toBe(false);
  });

  test.each<[string, (nonce: string) => string]>([
    ['is empty', () => ''],
    ['lacks its first character', (nonce) => nonce.slice(1)],
    ['has padding', (nonce) => `${nonce}=`],
    ['has one more character', (nonce) => `${nonce}A`],
    ['has another first character', (nonce) => (nonce.startsWith('A') ? 'B' : 'A') + nonce.slice(1)],
    ['has 43 characters that are not base64url', () => 'é'.repeat(43)],
    ['has 4000 characters', () => 'x'.repeat(4_000)],
  ])('is not current if it %s', (_, change) => {
    expect(isCurrentDpopNonce(key, change(generateDpopNonce(key, start)), start)).toBe(false);
  });

  test('is not current for another key', () => {
    const nonce = generateDpopNonce(key, start);
    expect(isCurrentDpopNonce(deriveHashKeys('another').dpopNonce, nonce, start)).toBe(false);
  });
});
