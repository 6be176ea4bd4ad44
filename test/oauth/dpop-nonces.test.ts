import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { dpopVerification } from '../../src/oauth/dpop.ts';
import { authorizeCall } from '../../src/oauth/protected-call.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { dpopProof, partnerKey } from './client-keys.ts';
import { basic, memoryStage } from './stage.ts';

const stage = await memoryStage();
const { client, secret = '' } = await stage.register();
const key = await partnerKey();
const { replays, clock, nonceKey } = stage;
const verifyDpopProof = dpopVerification({ replays, clock, nonceKey });
const authorization = basic(client.id, secret);
const parameters = { grant_type: 'client_credentials', scope: 'orders:read' };

async function requestToken(nonce?: string) {
  const dpop = await dpopProof(key, {
    htm: 'POST',
    htu: `${stage.issuer}/oauth/token`,
    iat: stage.time.now,
    ...(nonce !== undefined && { nonce }),
  });
  return issueToken({ authorization, dpop, parameters }, { ...stage.tokens, verifyDpopProof });
}

async function callResource(token: string, nonce?: string) {
  const url = `${stage.issuer}/orders`;
  const ath = createHash('sha256').update(token).digest('base64url');
  const dpop = await dpopProof(key, {
    htm: 'GET',
    htu: url,
    iat: stage.time.now,
    ath,
    ...(nonce !== undefined && { nonce }),
  });
  return authorizeCall(
    { authorization: `DPoP ${token}`, dpop, method: 'GET', url, scope: undefined },
    { ...stage.protectedCalls, verifyDpopProof },
  );
}

async function issuedToken() {
  const first = await requestToken();
  assert.ok(!first.ok);
  const second = await requestToken(first.error.dpopNonce);
  assert.ok(second.ok);
  return second.value.response.access_token;
}

describe('DPoP nonces of a stage that demands them', () => {
  test('the token endpoint refuses a proof without a nonce with use_dpop_nonce and a nonce', async () => {
    const first = await requestToken();
    assert.ok(!first.ok);
    expect(first.error.code).toBe('use_dpop_nonce');
    expect(first.error.dpopNonce).toBeDefined();
  });

  test('the token endpoint issues a token for a proof with the nonce of its response', async () => {
    const first = await requestToken();
    assert.ok(!first.ok);
    expect((await requestToken(first.error.dpopNonce)).ok).toBe(true);
  });

  test('a resource refuses a proof without a nonce with resource_dpop_nonce', async () => {
    const denied = await callResource(await issuedToken());
    assert.ok(!denied.ok);
    expect(denied.error.code).toBe('resource_dpop_nonce');
  });

  test('a resource accepts a proof with the nonce of its response', async () => {
    const token = await issuedToken();
    const denied = await callResource(token);
    assert.ok(!denied.ok);
    expect((await callResource(token, denied.error.dpopNonce)).ok).toBe(true);
  });
});
