import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
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

test('where nonces are demanded, the first answer brings one and the second request a token', async () => {
  const context = { ...stage.tokens, verifyDpopProof };
  const target = { htm: 'POST', htu: `${stage.issuer}/oauth/token`, iat: stage.time.now };
  const first = await issueToken({ authorization, dpop: await dpopProof(key, target), parameters }, context);
  assert.ok(!first.ok);
  expect(first.error.code).toBe('use_dpop_nonce');
  const nonce = first.error.dpopNonce;
  assert.ok(nonce !== undefined);
  const dpop = await dpopProof(key, { ...target, nonce });
  const second = await issueToken({ authorization, dpop, parameters }, context);
  assert.ok(second.ok);

  const token = second.value.response.access_token;
  const ath = createHash('sha256').update(token).digest('base64url');
  const url = `${stage.issuer}/orders`;
  const call = async (more: object) =>
    authorizeCall(
      {
        authorization: `DPoP ${token}`,
        dpop: await dpopProof(key, { htm: 'GET', htu: url, iat: stage.time.now, ath, ...more }),
        method: 'GET',
        url,
        scope: undefined,
      },
      { ...stage.protectedCalls, verifyDpopProof },
    );
  const denied = await call({});
  assert.ok(!denied.ok);
  expect(denied.error.code).toBe('resource_dpop_nonce');
  expect((await call({ nonce: denied.error.dpopNonce })).ok).toBe(true);
});
