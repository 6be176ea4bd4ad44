import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { dpopVerification } from '../../src/oauth/dpop.ts';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { partnerKey, thumbprint } from './client-keys.ts';
import { clientCredentials, now, partner, proofOf, stage } from './partner.ts';

const key = await partnerKey();
const bound = await partner({ dpopBoundAccessTokens: true });
const free = await partner();

describe('DPoP', () => {
  const request: TokenParameters = { grant_type: clientCredentials, scope: 'orders:read' };

  test('binds a token to the key of the proof, of who must and of who may', async () => {
    for (const client of [bound, free]) {
      const { response, claims } = await client.issued(request, { dpop: await proofOf(key) });
      expect(response.token_type).toBe('DPoP');
      expect(claims['cnf']).toStrictEqual({ jkt: await thumbprint(key) });
    }
  });

  test('a token without a proof is a bearer token', async () => {
    const { response, claims } = await free.issued(request);
    expect(response.token_type).toBe('bearer');
    assert.ok(!('cnf' in claims));
  });

  test('who must bind its tokens gets none without a proof', async () => {
    expect((await bound.refused(request)).code).toBe('invalid_dpop_proof');
    expect((await bound.refused(request, { dpop: '' })).code).toBe('invalid_dpop_proof');
  });

  test('a bad proof is refused where none is needed, too', async () => {
    const bad: Record<string, Promise<string> | string> = {
      empty: '',
      garbage: 'garbage',
      'another method': proofOf(key, { htm: 'GET' }),
      'another stage': proofOf(key, { htu: 'https://production.example.com/oauth/token' }),
      'another endpoint': proofOf(key, { htu: `${stage.issuer}/oauth/revoke` }),
      stale: proofOf(key, { iat: now - 61 }),
    };
    for (const [name, dpop] of Object.entries(bad)) {
      assert.equal((await free.refused(request, { dpop: await dpop })).code, 'invalid_dpop_proof', name);
    }
  });

  test('a proof is used once', async () => {
    const dpop = await proofOf(key);
    await bound.issued(request, { dpop });
    expect((await bound.refused(request, { dpop })).code).toBe('invalid_dpop_proof');
  });

  test('a nonce is demanded where the stage wants one, and taken', async () => {
    const { replays, clock, nonceKey } = stage;
    const context = { ...stage.tokens, verifyDpopProof: dpopVerification({ replays, clock, nonceKey }) };
    const { code, dpopNonce } = await bound.refused(request, { context, dpop: await proofOf(key) });
    expect(code).toBe('use_dpop_nonce');
    assert.ok(dpopNonce);
    const { response } = await bound.issued(request, {
      context,
      dpop: await proofOf(key, { nonce: dpopNonce }),
    });
    expect(response.token_type).toBe('DPoP');
  });
});
