import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { dpopVerification } from '../../src/oauth/dpop.ts';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { partnerKey, thumbprint } from './client-keys.ts';
import { clientCredentials, now, partner, proofOf, stage } from './partner.ts';

const key = await partnerKey();
const bound = await partner({ dpopBoundAccessTokens: true });
const free = await partner();
const request: TokenParameters = { grant_type: clientCredentials, scope: 'orders:read' };

describe('DPoP at the token endpoint', () => {
  test.each([
    ['must bind its tokens', bound],
    ['may bind its tokens', free],
  ])('binds the token of a client that %s to the key of its proof', async (_, client) => {
    const { response, claims } = await client.issued(request, { dpop: await proofOf(key) });
    expect(response.token_type).toBe('DPoP');
    expect(claims['cnf']).toStrictEqual({ jkt: await thumbprint(key) });
  });

  test('issues a bearer token for a request without a proof', async () => {
    const { response, claims } = await free.issued(request);
    expect(response.token_type).toBe('bearer');
    expect(claims).not.toHaveProperty('cnf');
  });

  test.each([
    ['no proof', undefined],
    ['an empty proof', ''],
  ])('refuses %s of a client that must bind its tokens with invalid_dpop_proof', async (_, dpop) => {
    const error = await bound.refused(request, dpop === undefined ? {} : { dpop });
    expect(error.code).toBe('invalid_dpop_proof');
  });

  test.each<[string, () => Promise<string> | string]>([
    ['that is empty', () => ''],
    ['that is garbage', () => 'garbage'],
    ['for another method', () => proofOf(key, { htm: 'GET' })],
    ['for another stage', () => proofOf(key, { htu: 'https://production.example.com/oauth/token' })],
    ['for another endpoint', () => proofOf(key, { htu: `${stage.issuer}/oauth/revoke` })],
    ['that is too old', () => proofOf(key, { iat: now - 61 })],
  ])('refuses a proof %s with invalid_dpop_proof, even if none is required', async (_, proof) => {
    const dpop = await proof();
    expect((await free.refused(request, { dpop })).code).toBe('invalid_dpop_proof');
  });

  test('refuses a proof that was used before with invalid_dpop_proof', async () => {
    const dpop = await proofOf(key);
    await bound.issued(request, { dpop });
    expect((await bound.refused(request, { dpop })).code).toBe('invalid_dpop_proof');
  });

  test('demands a nonce where the stage does, and accepts the one that it gives out', async () => {
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
