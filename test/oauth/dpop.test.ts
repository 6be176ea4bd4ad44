import assert from 'node:assert/strict';
import { createHash, createHmac, sign as cryptoSign, generateKeyPairSync, randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { calculateJwkThumbprint, CompactSign, exportJWK, generateKeyPair } from 'jose';
import type { CryptoKey, JWK } from 'jose';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { generateDpopNonce, isCurrentDpopNonce } from '../../src/oauth/dpop-nonce.ts';
import { dpopVerification } from '../../src/oauth/dpop.ts';
import type { DpopExpectation } from '../../src/oauth/dpop.ts';
import { memoryReplayStore } from '../memory/replay-store.ts';

type DpopOptions = Parameters<typeof dpopVerification>[0];

const start = 1_800_000_000;
const htm = 'POST';
const htu = 'https://sandbox.example.com/oauth/token';
const accessToken = 'eyJhbGciOiJFUzI1NiJ9.e30.c2ln';
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A server in memory, with a clock that only the test moves, that counts what is written. */
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

/** A proof, by `claims` and `header` where it shall not be a good one; `undefined` leaves a member out. */
async function proofBy({ alg, privateKey, jwk }: Holder, claims: Changes = {}, header: Changes = {}) {
  const members = JSON.parse(JSON.stringify({ typ: 'dpop+jwt', alg, jwk, ...header }));
  return new CompactSign(Buffer.from(JSON.stringify(claimsOf(claims))))
    .setProtectedHeader(members)
    .sign(privateKey);
}

/** A proof that jose would not make. */
function rawProof(header: unknown, claims: Changes, signature: (input: string) => Buffer | string): string {
  const input = `${encode(header)}.${encode(claimsOf(claims))}`;
  return `${input}.${Buffer.from(signature(input)).toString('base64url')}`;
}

const partner = await holder('ES256');
const stranger = await holder('ES256');
const jkt = await calculateJwkThumbprint(partner.jwk);

/** The reason of a refusal, which must write nothing, and repeat nothing of the proof. */
async function refusal(proof: string, expected: Partial<DpopExpectation> = {}, more?: Partial<DpopOptions>) {
  const { verifyDpopProof, uses } = server(more);
  const verified = await verifyDpopProof(proof, { htm, htu, ...expected });
  assert.ok(!verified.ok, 'must be refused');
  assert.deepEqual(uses, [], 'a refused proof must write nothing');
  expect(verified.error.code).toBe('invalid_dpop_proof');
  expect(verified.error.description).toMatch(/^[\x20\x21\x23-\x5B\x5D-\x7E]{20,120}$/);
  expect(verified.error.description).not.toMatch(/secret-/);
  return verified.error.reason;
}

async function isAccepted(proof: string, expected: Partial<DpopExpectation> = {}) {
  const verified = await server().verifyDpopProof(proof, { htm, htu, ...expected });
  return verified.ok;
}

describe('accepts', () => {
  for (const alg of ['ES256', 'ES384', 'ES512', 'PS256', 'RS256', 'EdDSA']) {
    test(`a proof signed with ${alg}, and gives the thumbprint of its key`, async () => {
      const client = await holder(alg);
      const verified = await server().verifyDpopProof(await proofBy(client), { htm, htu });
      expect(verified).toStrictEqual({ ok: true, value: { jkt: await calculateJwkThumbprint(client.jwk) } });
    });
  }

  test('a proof for a token, of the key that the token is bound to', async () => {
    const proof = await proofBy(partner, { ath: sha256(accessToken) });
    const verified = await server().verifyDpopProof(proof, { htm, htu, accessToken, jkt });
    expect(verified).toStrictEqual({ ok: true, value: { jkt } });
  });

  test('members and claims that it does not know', async () => {
    assert.ok(
      await isAccepted(await proofBy(partner, { foo: 'bar' }, { kid: 'k', jku: 'http://127.0.0.1:1/' })),
      'must be accepted',
    );
  });

  test('a nonce that nobody demanded', async () => {
    assert.ok(await isAccepted(await proofBy(partner, { nonce: 'of another server' })), 'must be accepted');
  });
});

describe("RFC 9449's examples", () => {
  const rfcHeader =
    'eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19';
  const rfcJkt = '0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I';

  test('§5: the proof of a token request, and §6.1: the thumbprint of its key', async () => {
    const proof = `${rfcHeader}.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg`;
    const { verifyDpopProof, time } = server();
    time.now = 1_562_262_616;
    const expected = { htm: 'POST', htu: 'https://server.example.com/token' };
    expect(await verifyDpopProof(proof, expected)).toStrictEqual({ ok: true, value: { jkt: rfcJkt } });
  });

  test('§7.1: the proof of a request for a protected resource', async () => {
    const proof = `${rfcHeader}.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA`;
    const { verifyDpopProof, time } = server();
    time.now = 1_562_262_618;
    const expected = {
      htm: 'GET',
      htu: 'https://resource.example.org/protectedresource',
      accessToken: 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU',
      jkt: rfcJkt,
    };
    expect(await verifyDpopProof(proof, expected)).toStrictEqual({ ok: true, value: { jkt: rfcJkt } });
    const other = await verifyDpopProof(proof, { ...expected, accessToken: 'another' });
    expect(!other.ok && other.error.reason).toBe('wrong_ath');
  });
});

describe('refuses', () => {
  test('what is not one signed JWT', async () => {
    const good = await proofBy(partner);
    const [header = '', payload = '', signature = ''] = good.split('.');
    const signedText = (text: string) =>
      new CompactSign(Buffer.from(text))
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: partner.jwk })
        .sign(partner.privateKey);
    for (const [proof, reason] of [
      ['', 'malformed'],
      ['secret-text', 'malformed'],
      ['..', 'malformed'],
      [`${header}.${payload}`, 'malformed'],
      [`${good}.${signature}`, 'malformed'],
      [`e30.${payload}.${signature}`, 'malformed_typ'],
      [`${encode([])}.${payload}.${signature}`, 'malformed'],
      [`${encode(null)}.${payload}.${signature}`, 'malformed'],
      [await signedText('secret-text'), 'malformed'],
      [await signedText('[]'), 'malformed_jti'],
      [await signedText('null'), 'malformed'],
      [`${good},${await proofBy(partner)}`, 'several_proofs'],
      [`${good}, ${good}`, 'several_proofs'],
      [await proofBy(partner, { foo: 'x'.repeat(4_096) }), 'oversized'],
    ] as const) {
      assert.equal(await refusal(proof), reason, proof);
    }
  });

  test('a proof of 4097 characters, and takes one of 4096', async () => {
    // Base64url has no text of every length, so the filling goes into both parts until the sum is right.
    const ofLength = async (length: number) => {
      const bare = (await proofBy(partner, { foo: '' }, { foo: '' })).length;
      for (let filling = Math.floor((length - bare) * 0.75) - 4; ; filling += 1) {
        for (const foo of ['', '.', '..']) {
          const proof = await proofBy(partner, { foo: '.'.repeat(filling) }, { foo });
          if (proof.length === length) return proof;
          assert.ok(proof.length < length + 8, 'no text of this length');
        }
      }
    };
    assert.ok(await isAccepted(await ofLength(4_096)), 'must be accepted');
    expect(await refusal(await ofLength(4_097))).toBe('oversized');
  });

  test('another typ', async () => {
    for (const typ of [undefined, 'JWT', 'at+jwt', 'secret-typ', 7]) {
      expect(await refusal(await proofBy(partner, {}, { typ }))).toBe('malformed_typ');
    }
  });

  test('no signature, whatever the case of none', async () => {
    for (const alg of ['none', 'None', 'NONE', undefined, 5]) {
      const header = { typ: 'dpop+jwt', alg, jwk: partner.jwk };
      expect(await refusal(rawProof(header, {}, () => ''))).toBe('malformed_alg');
      expect(await refusal(rawProof(header, {}, () => 'signature'))).toBe('malformed_alg');
    }
    const unsigned = rawProof({ typ: 'dpop+jwt', alg: 'ES256', jwk: partner.jwk }, {}, () => '');
    expect(await refusal(unsigned)).toBe('wrong_signature');
  });

  test('a symmetric algorithm, or a symmetric key', async () => {
    const secret = Buffer.from('secret-'.repeat(8));
    const oct = { kty: 'oct', k: secret.toString('base64url') };
    const hmac = (input: string) => createHmac('sha256', secret).update(input).digest();
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      expect(await refusal(rawProof({ typ: 'dpop+jwt', alg, jwk: oct }, {}, hmac))).toBe('malformed_alg');
      expect(await refusal(rawProof({ typ: 'dpop+jwt', alg, jwk: partner.jwk }, {}, hmac))).toBe(
        'malformed_alg',
      );
    }
    const posing = rawProof({ typ: 'dpop+jwt', alg: 'ES256', jwk: oct }, {}, hmac);
    expect(await refusal(posing)).toBe('malformed_jwk');
  });

  test('no key, or what is not one', async () => {
    for (const jwk of [undefined, null, 'secret-key', [], {}, { kty: 'AKP' }]) {
      expect(await refusal(await proofBy(partner, {}, { jwk }))).toBe('malformed_jwk');
    }
    const rsa = await holder('RS256');
    for (const jwk of [
      { kty: 'EC' },
      { ...partner.jwk, y: partner.jwk.x },
      { ...partner.jwk, crv: 'P-384' },
      { ...partner.jwk, use: 'enc' },
      { ...partner.jwk, alg: 'ES384' },
      { ...partner.jwk, key_ops: ['sign'] },
      rsa.jwk,
    ]) {
      expect(await refusal(await proofBy(partner, {}, { jwk }))).toBe('unusable_key');
    }
  });

  test('a private key, in whole or in part', async () => {
    for (const client of [partner, await holder('PS256'), await holder('EdDSA')]) {
      const jwk = await exportJWK(client.privateKey);
      expect(await refusal(await proofBy(client, {}, { jwk }))).toBe('private_key');
    }
    for (const member of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'oth', 'priv']) {
      const jwk = { ...partner.jwk, [member]: '' };
      assert.equal(await refusal(await proofBy(partner, {}, { jwk })), 'private_key', member);
    }
  });

  test('an RSA key that is too short', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_040 });
    const header = { typ: 'dpop+jwt', alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) };
    const proof = rawProof(header, {}, (input) => cryptoSign('sha256', Buffer.from(input), privateKey));
    expect(await refusal(proof)).toBe('weak_key');
  });

  test('a signature by another key, or of other claims', async () => {
    expect(await refusal(await proofBy({ ...partner, jwk: stranger.jwk }))).toBe('wrong_signature');
    const [header, , signature] = (await proofBy(partner)).split('.');
    expect(await refusal(`${header}.${encode(claimsOf({}))}.${signature}`)).toBe('wrong_signature');
    expect(await refusal(`${await proofBy(partner)}A`)).toBe('wrong_signature');
  });

  test('an extension that must be understood, b64 among them', async () => {
    const signature = () => 'signature';
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: partner.jwk };
    for (const more of [
      { crit: ['secret-x'], 'secret-x': 1 },
      { crit: [] },
      { crit: null },
      { crit: ['exp'] },
    ]) {
      expect(await refusal(rawProof({ ...header, ...more }, {}, signature))).toBe('malformed_crit');
    }
    const b64 = await proofBy(partner, {}, { crit: ['b64'], b64: true });
    expect(await refusal(b64)).toBe('malformed_crit');
  });

  test('a claim that is missing, or is not of its form', async () => {
    const bad: Record<string, readonly unknown[]> = {
      jti: [undefined, null, '', 7, 'x'.repeat(201), ['x']],
      htm: [undefined, null, 7, ['POST']],
      htu: [undefined, null, 7, [htu]],
      iat: [undefined, null, String(start), [start], {}, true],
      exp: [null, String(start + 60), 'secret-exp', {}, true],
      nbf: [null, String(start), 'secret-nbf', {}, true],
      ath: [null, 7],
      nonce: [null, 7],
    };
    for (const [claim, values] of Object.entries(bad)) {
      for (const value of values) {
        const proof = await proofBy(partner, { [claim]: value });
        assert.equal(await refusal(proof), `malformed_${claim}`, `${claim} ${JSON.stringify(value)}`);
      }
    }
    assert.ok(await isAccepted(await proofBy(partner, { jti: 'x'.repeat(200) })), 'must be accepted');
  });

  test('a date that is no finite number', async () => {
    for (const claim of ['iat', 'exp', 'nbf']) {
      const claims = JSON.stringify(claimsOf({ [claim]: 0 })).replace(`"${claim}":0`, `"${claim}":1e999`);
      const proof = await new CompactSign(Buffer.from(claims))
        .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: partner.jwk })
        .sign(partner.privateKey);
      expect(await refusal(proof)).toBe(`malformed_${claim}`);
    }
  });

  test('claims that are not UTF-8', async () => {
    const claims = Buffer.from(JSON.stringify(claimsOf({ foo: '\u00ff' })), 'latin1');
    const proof = await new CompactSign(claims)
      .setProtectedHeader({ typ: 'dpop+jwt', alg: 'ES256', jwk: partner.jwk })
      .sign(partner.privateKey);
    expect(await refusal(proof)).toBe('malformed');
  });

  test('another method, also by its case', async () => {
    for (const other of ['GET', 'post', 'POST ', '']) {
      expect(await refusal(await proofBy(partner, { htm: other }))).toBe('wrong_htm');
    }
  });

  test('a proof for another token, or for none', async () => {
    for (const ath of [undefined, '', sha256('another'), `${sha256(accessToken)}=`, accessToken]) {
      expect(await refusal(await proofBy(partner, { ath }), { accessToken })).toBe('wrong_ath');
    }
  });

  test('a proof of another key than the token is bound to', async () => {
    const proof = await proofBy(stranger, { ath: sha256(accessToken) });
    expect(await refusal(proof, { accessToken, jkt })).toBe('wrong_key');
    expect(await refusal(proof, { jkt: '' })).toBe('wrong_key');
  });
});

describe('htu', () => {
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
  for (const [claimed, expected] of same) {
    test(`${claimed} is ${expected}`, async () => {
      assert.ok(
        await isAccepted(await proofBy(partner, { htu: claimed }), { htu: expected }),
        'must be accepted',
      );
    });
  }

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
    'secret-text',
    '',
  ];
  for (const claimed of others) {
    test(`${JSON.stringify(claimed)} is another`, async () => {
      expect(await refusal(await proofBy(partner, { htu: claimed }), { htu: called })).toBe('wrong_htu');
    });
  }

  test('two addresses that cannot be read are not the same', async () => {
    expect(await refusal(await proofBy(partner, { htu: 'nowhere' }), { htu: 'nowhere' })).toBe('wrong_htu');
  });
});

describe('time', () => {
  test('iat may be 60 seconds ago and 10 seconds ahead, and no second more', async () => {
    for (const [off, reason] of [
      [-61, 'iat_too_old'],
      [-60, undefined],
      [-10, undefined],
      [0, undefined],
      [10, undefined],
      [11, 'iat_in_the_future'],
      [300, 'iat_in_the_future'],
      [-start, 'iat_too_old'],
    ] as const) {
      const proof = await proofBy(partner, { iat: start + off });
      if (reason === undefined) assert.ok(await isAccepted(proof), `${off}`);
      else assert.equal(await refusal(proof), reason, `${off}`);
    }
  });

  test('exp ends a proof at its second, and nbf begins it with 10 seconds of grace', async () => {
    for (const [claims, reason] of [
      [{ exp: start + 1 }, undefined],
      [{ exp: start }, 'expired'],
      [{ exp: start - 300 }, 'expired'],
      [{ exp: 0 }, 'expired'],
      [{ nbf: start - 60 }, undefined],
      [{ nbf: start + 10 }, undefined],
      [{ nbf: start + 11 }, 'nbf_in_the_future'],
      [{ nbf: start + 300 }, 'nbf_in_the_future'],
    ] as const) {
      const proof = await proofBy(partner, claims);
      if (reason === undefined) assert.ok(await isAccepted(proof), JSON.stringify(claims));
      else assert.equal(await refusal(proof), reason, JSON.stringify(claims));
    }
  });
});

describe('replay', () => {
  test('a proof is used once, for as long as it could be accepted', async () => {
    for (const iat of [start + 10, start, start - 50, start + 0.5]) {
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
    }
  });

  test('a jti of the same key is used once, also in another proof and for another query', async () => {
    const { verifyDpopProof } = server();
    const verify = async (client: Holder, claims: Changes, expected: Partial<DpopExpectation> = {}) => {
      const verified = await verifyDpopProof(await proofBy(client, claims), { htm, htu, ...expected });
      return verified.ok || verified.error.reason;
    };
    const jti = 'j';
    expect(await verify(partner, { jti })).toBe(true);
    expect(await verify(partner, { jti, iat: start - 1 })).toBe('replayed');
    expect(await verify(partner, { jti }, { htu: `${htu}?x=1` })).toBe('replayed');
    expect(await verify(partner, { jti }, { htu: htu.replace('.com/', '.com:443/') })).toBe('replayed');
    assert.equal(await verify(stranger, { jti }), true, 'a stranger cannot use up the jti of a partner');
    // RFC 9449 §11.1: in the context of the method and the address.
    expect(await verify(partner, { jti, htm: 'GET' }, { htm: 'GET' })).toBe(true);
    expect(await verify(partner, { jti, htu: `${htu}/x` }, { htu: `${htu}/x` })).toBe(true);
  });

  test('remembers a hash of a fixed length, with nothing of the proof in it, and a whole second', async () => {
    const { verifyDpopProof, uses } = server();
    const proof = await proofBy(partner, { jti: 'j'.repeat(200), iat: start - 1.5 });
    assert.ok((await verifyDpopProof(proof, { htm, htu })).ok, 'must be accepted');
    expect(uses[0]?.hash ?? '').toMatch(/^[\w-]{43}$/);
    expect(uses[0]?.expiresAt).toBe(start - 2 + 61);
  });

  test('a store that is down decides nothing', async () => {
    const { verifyDpopProof } = server({
      replays: { firstUse: () => Promise.reject(new Error('the store is down')) },
    });
    await expect(verifyDpopProof(await proofBy(partner), { htm, htu })).rejects.toThrow(/the store is down/);
  });
});

describe('nonce', () => {
  const key = deriveHashKeys('hash key of sandbox').dpopNonce;
  const nonceKey = async () => key;

  test('where one is demanded, a proof without a live one gets one for the next', async () => {
    const { verifyDpopProof, uses } = server({ nonceKey });
    for (const [nonce, reason] of [
      [undefined, 'no_nonce'],
      ['', 'nonce_not_current'],
      ['secret-nonce', 'nonce_not_current'],
      [generateDpopNonce(key, start - 600), 'nonce_not_current'],
      [generateDpopNonce(deriveHashKeys('hash key of production').dpopNonce, start), 'nonce_not_current'],
    ] as const) {
      const verified = await verifyDpopProof(await proofBy(partner, { nonce }), { htm, htu });
      assert.ok(!verified.ok, 'must be refused');
      const { code, description, dpopNonce } = verified.error;
      expect(code).toBe('use_dpop_nonce');
      expect(verified.error.reason).toBe(reason);
      expect(description).not.toMatch(/secret-/);
      assert.deepEqual(uses, [], 'a refused proof must write nothing');
      const next = await proofBy(partner, { nonce: dpopNonce });
      assert.ok((await verifyDpopProof(next, { htm, htu })).ok, 'must be accepted');
      uses.length = 0;
    }
  });

  test('a proof without a nonce may be made again with the same jti', async () => {
    const { verifyDpopProof } = server({ nonceKey });
    assert.ok(
      !(await verifyDpopProof(await proofBy(partner, { jti: 'j' }), { htm, htu })).ok,
      'must be refused',
    );
    const next = await proofBy(partner, { jti: 'j', nonce: generateDpopNonce(key, start) });
    assert.ok((await verifyDpopProof(next, { htm, htu })).ok, 'must be accepted');
    const again = await verifyDpopProof(next, { htm, htu });
    expect(!again.ok && again.error.reason).toBe('replayed');
  });

  test('a live nonce heals nothing else, and no nonce is given out for a bad proof', async () => {
    const nonce = generateDpopNonce(key, start);
    expect(await refusal(await proofBy(partner, { nonce, iat: start - 61 }), {}, { nonceKey })).toBe(
      'iat_too_old',
    );
    expect(await refusal(await proofBy(partner, { htm: 'GET' }), {}, { nonceKey })).toBe('wrong_htm');
  });

  test('a nonce lives in its span of five minutes and the next', () => {
    const span = Math.floor(start / 300) * 300;
    const nonce = generateDpopNonce(key, span + 299);
    expect(nonce).toMatch(/^[\w-]{43}$/);
    expect(nonce).toBe(generateDpopNonce(key, span));
    expect(nonce).not.toBe(generateDpopNonce(key, span + 300));
    for (const [now, live] of [
      [span - 1, false],
      [span, true],
      [span + 599, true],
      [span + 600, false],
    ] as const) {
      assert.equal(isCurrentDpopNonce(key, nonce, now), live, `${now - span}`);
    }
  });

  test('a nonce that was made up, cut or changed is not live', () => {
    const nonce = generateDpopNonce(key, start);
    const flipped = (nonce.startsWith('A') ? 'B' : 'A') + nonce.slice(1);
    for (const other of [
      '',
      nonce.slice(1),
      `${nonce}=`,
      `${nonce}A`,
      flipped,
      'é'.repeat(43),
      'x'.repeat(4_000),
    ]) {
      assert.ok(!isCurrentDpopNonce(key, other, start), other);
    }
    assert.ok(!isCurrentDpopNonce(deriveHashKeys('another').dpopNonce, nonce, start), 'of another key');
  });
});
