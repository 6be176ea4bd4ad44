import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { accessTokens } from '../../src/oauth/access-token-verification.ts';
import { dpopVerification } from '../../src/oauth/dpop.ts';
import { authorizeCall } from '../../src/oauth/protected-call.ts';
import type { ProtectedCall, ProtectedCallCapabilities } from '../../src/oauth/protected-call.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { dpopProof, partnerKey } from './client-keys.ts';
import { basic, memoryStage } from './stage.ts';

const stage = await memoryStage();
const { now } = stage.time;
const url = `${stage.issuer}/orders`;
const stock = 'https://stock.example.com';
const key = await partnerKey();
const registered = await stage.register({ audiences: [stock] });
const authorization = basic(registered.client.id, registered.secret ?? '');

async function tokenOf({ scope = 'orders:read', bound = false, resource = stage.issuer } = {}) {
  const dpop = bound
    ? await dpopProof(key, { htm: 'POST', htu: `${stage.issuer}/oauth/token`, iat: now })
    : undefined;
  const parameters = { grant_type: 'client_credentials', scope, resource };
  const issued = await issueToken({ authorization, dpop, parameters }, stage.tokens);
  assert.ok(issued.ok, JSON.stringify(issued));
  return issued.value.response.access_token;
}
const free = await tokenOf();
const bound = await tokenOf({ bound: true });

const account = await stage.account();
const sessionKey = await stage.register({ account });
const opened = await openSession(
  {
    authorization: basic(sessionKey.client.id, sessionKey.secret ?? ''),
    grant_type: 'session',
    expires_in: undefined,
  },
  stage.sessionTokens,
);
assert.ok(opened.ok);
const { ust } = opened.value.response;

type Changes = Readonly<Record<string, unknown>>;
const proof = (changes: Changes = {}, by = key) =>
  dpopProof(by, { htm: 'GET', htu: url, iat: now, accessToken: bound, ...changes });

const protectedCall = (header: string | undefined, more: Partial<ProtectedCall> = {}): ProtectedCall => ({
  authorization: header,
  dpop: undefined,
  method: 'GET',
  url,
  scope: 'orders:read',
  ...more,
});

async function allowed(header: string, more: Partial<ProtectedCall> = {}) {
  const result = await authorizeCall(protectedCall(header, more), stage.protectedCalls);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
}

async function refused(
  header: string | undefined,
  more: Partial<ProtectedCall> = {},
  context: ProtectedCallCapabilities = stage.protectedCalls,
) {
  const result = await authorizeCall(protectedCall(header, more), context);
  assert.ok(!result.ok, 'must be refused');
  const { code, challenge, reason } = result.error;
  return { code, challenge, reason };
}

describe('lets through', () => {
  for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
    test(`a token that is not bound, as ${scheme}`, async () => {
      expect((await allowed(`${scheme} ${free}`)).clientId).toBe(registered.client.id);
    });
  }

  for (const scheme of ['DPoP', 'dpop', 'DPOP']) {
    test(`a bound token with its proof, as ${scheme}`, async () => {
      const { clientId } = await allowed(`${scheme} ${bound}`, { dpop: await proof() });
      expect(clientId).toBe(registered.client.id);
    });
  }

  test('a session where no scope is demanded', async () => {
    expect((await allowed(`Bearer ${ust}`, { scope: undefined })).account).toBe(account);
  });

  test('a bearer token with a proof that nobody asked for', async () => {
    expect((await allowed(`Bearer ${free}`, { dpop: 'garbage' })).jkt).toBeUndefined();
  });
});

const stranger = await partnerKey();

describe('refuses', () => {
  test('a bound token as a bearer token, even with its proof', async () => {
    for (const dpop of [undefined, await proof()]) {
      expect(await refused(`Bearer ${bound}`, { dpop })).toStrictEqual({
        code: 'invalid_token',
        challenge: 'DPoP',
        reason: 'wrong_scheme_for_the_token',
      });
    }
  });

  test('a token that is not bound, and a session, with the DPoP scheme', async () => {
    for (const token of [free, ust]) {
      const dpop = await proof({ accessToken: token });
      expect(await refused(`DPoP ${token}`, { dpop })).toStrictEqual({
        code: 'invalid_token',
        challenge: 'DPoP',
        reason: 'wrong_scheme_for_the_token',
      });
    }
  });

  const proofs: Record<string, [reason: string, make: () => Promise<string> | undefined]> = {
    'no proof': ['malformed', () => undefined],
    'an ath of another token': ['wrong_ath', () => proof({ accessToken: free })],
    'no ath': ['wrong_ath', () => proof({ ath: undefined })],
    'another address': ['wrong_htu', () => proof({ htu: `${stage.issuer}/other` })],
    'the token endpoint': ['wrong_htu', () => proof({ htu: `${stage.issuer}/oauth/token` })],
    'another method': ['wrong_htm', () => proof({ htm: 'POST' })],
    'another key': ['wrong_key', () => proof({}, stranger)],
    'an iat of long ago': ['iat_too_old', () => proof({ iat: now - 61 })],
  };
  for (const [name, [reason, make]] of Object.entries(proofs)) {
    test(`a proof with ${name}, and challenges with DPoP`, async () => {
      const dpop = await make();
      expect(await refused(`DPoP ${bound}`, { dpop })).toStrictEqual({
        code: 'resource_dpop_proof',
        challenge: 'DPoP',
        reason,
      });
    });
  }

  test('a proof that was used before', async () => {
    const dpop = await proof();
    await allowed(`DPoP ${bound}`, { dpop });
    const { code, reason } = await refused(`DPoP ${bound}`, { dpop });
    expect([code, reason]).toStrictEqual(['resource_dpop_proof', 'replayed']);
  });

  test('of one proof at many calls at once all but one', async () => {
    const dpop = await proof();
    const call = protectedCall(`DPoP ${bound}`, { dpop });
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => authorizeCall(call, stage.protectedCalls)),
    );
    expect(answers.filter(({ ok }) => ok).length).toBe(1);
  });

  test('a token for another audience, with either scheme', async () => {
    const foreign = await tokenOf({ resource: stock });
    expect((await refused(`Bearer ${foreign}`)).reason).toBe('another_audience');
    const foreignBound = await tokenOf({ resource: stock, bound: true });
    const dpop = await proof({ accessToken: foreignBound });
    expect(await refused(`DPoP ${foreignBound}`, { dpop })).toStrictEqual({
      code: 'invalid_token',
      challenge: 'DPoP',
      reason: 'another_audience',
    });
    // But it is good where it is meant to be.
    const there = await authorizeCall(protectedCall(`Bearer ${foreign}`), {
      ...stage.protectedCalls,
      audience: stock,
    });
    assert.ok(there.ok);
  });

  test('a scope that is missing, with the challenge of the scheme', async () => {
    const scope = 'orders:create';
    expect(await refused(`Bearer ${free}`, { scope })).toStrictEqual({
      code: 'insufficient_scope',
      challenge: undefined,
      reason: undefined,
    });
    const dpop = await proof();
    const { code, challenge } = await refused(`DPoP ${bound}`, { scope, dpop });
    expect([code, challenge]).toStrictEqual(['insufficient_scope', 'DPoP']);
    expect((await refused(`Bearer ${ust}`)).code).toBe('insufficient_scope');
  });

  test('no token, and a header that holds none', async () => {
    const cases: [string, string | undefined][] = [
      ['missing_token', undefined],
      ['missing_token', ''],
      ['missing_token', authorization],
      ['missing_token', `Bearer${free}`],
      ['invalid_token', 'Bearer'],
      ['invalid_token', 'DPoP '],
      ['invalid_token', `Bearer ${free}, Bearer ${free}`],
      ['invalid_token', `Bearer ${free} ${free}`],
      ['invalid_token', `Bearer ${'x'.repeat(8_200)}`],
      ['invalid_token', 'DPoP a.b.c'],
    ];
    for (const [code, header] of cases) assert.equal((await refused(header)).code, code, header);
  });

  test('a bad token with the DPoP scheme is challenged with it', async () => {
    expect((await refused('DPoP a.b.c', { dpop: await proof() })).challenge).toBe('DPoP');
    expect((await refused('Bearer a.b.c')).challenge).toBeUndefined();
  });
});

test('a nonce is demanded where the stage wants one', async () => {
  const { replays, clock, nonceKey } = stage;
  const context = {
    ...stage.protectedCalls,
    verifyDpopProof: dpopVerification({ replays, clock, nonceKey }),
  };
  const call = protectedCall(`DPoP ${bound}`, { dpop: await proof() });
  const demanded = await authorizeCall(call, context);
  assert.ok(!demanded.ok);
  const { code, challenge, dpopNonce: nonce } = demanded.error;
  expect([code, challenge]).toStrictEqual(['resource_dpop_nonce', 'DPoP']);
  expect((await authorizeCall({ ...call, dpop: await proof({ nonce }) }, context)).ok).toBe(true);
});

test('a store that is down lets nobody through and calls no token bad', async () => {
  const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
  const { protectedCalls, accessTokenVerification, clock } = stage;
  const contexts: ProtectedCallCapabilities[] = [
    {
      ...protectedCalls,
      verifyToken: tokenVerification([
        accessTokens({ ...accessTokenVerification, revocationStates: { find: down } }),
      ]).verifyToken,
    },
    { ...protectedCalls, verifyDpopProof: dpopVerification({ replays: { firstUse: down }, clock }) },
  ];
  for (const context of contexts) {
    await expect((async () => refused(`DPoP ${bound}`, { dpop: await proof() }, context))()).rejects.toThrow(
      Unavailable,
    );
  }
});
