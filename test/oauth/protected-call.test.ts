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

const stranger = await partnerKey();

describe('valid call of a protected resource', () => {
  test.each(['Bearer', 'bearer', 'BEARER'])('is allowed for a bearer token as %s', async (scheme) => {
    expect((await allowed(`${scheme} ${free}`)).clientId).toBe(registered.client.id);
  });

  test.each(['DPoP', 'dpop', 'DPOP'])(
    'is allowed for a bound token with its DPoP proof as %s',
    async (scheme) => {
      const { clientId } = await allowed(`${scheme} ${bound}`, { dpop: await proof() });
      expect(clientId).toBe(registered.client.id);
    },
  );

  test('is allowed for a session if no scope is required', async () => {
    expect(await allowed(`Bearer ${ust}`, { scope: undefined })).toMatchObject({ kind: 'session', account });
  });

  test('is allowed for a bearer token with a DPoP proof that is not required', async () => {
    expect((await allowed(`Bearer ${free}`, { dpop: 'garbage' })).jkt).toBeUndefined();
  });

  test('is allowed for a token whose audience is the service that is called', async () => {
    const call = protectedCall(`Bearer ${await tokenOf({ resource: stock })}`);
    const there = await authorizeCall(call, { ...stage.protectedCalls, audience: stock });
    expect(there.ok).toBe(true);
  });
});

describe('scheme of a call of a protected resource', () => {
  const wrongScheme = {
    code: 'invalid_token',
    challenge: 'DPoP',
    reason: 'wrong_scheme_for_the_token',
  };

  test.each<[string, () => Promise<string> | undefined]>([
    ['without a DPoP proof', () => undefined],
    ['with its DPoP proof', () => proof()],
  ])('refuses a bound token as a bearer token, %s', async (_, make) => {
    expect(await refused(`Bearer ${bound}`, { dpop: await make() })).toStrictEqual(wrongScheme);
  });

  test.each([
    ['a bearer token', free],
    ['a session', ust],
  ])('refuses %s with the DPoP scheme', async (_, token) => {
    const dpop = await proof({ accessToken: token });
    expect(await refused(`DPoP ${token}`, { dpop })).toStrictEqual(wrongScheme);
  });

  test.each<[string, string, string | undefined]>([
    ['a missing header', 'missing_token', undefined],
    ['an empty header', 'missing_token', ''],
    ['HTTP Basic', 'missing_token', authorization],
    ['Bearer without a space before the token', 'missing_token', `Bearer${free}`],
    ['Bearer without a token', 'invalid_token', 'Bearer'],
    ['DPoP without a token', 'invalid_token', 'DPoP '],
    ['two headers in one', 'invalid_token', `Bearer ${free}, Bearer ${free}`],
    ['two tokens', 'invalid_token', `Bearer ${free} ${free}`],
    ['a token of 8200 characters', 'invalid_token', `Bearer ${'x'.repeat(8_200)}`],
    ['DPoP with a string that is no token', 'invalid_token', 'DPoP a.b.c'],
  ])('refuses %s with %s', async (_, code, header) => {
    expect((await refused(header)).code).toBe(code);
  });

  test('challenges an invalid token of the DPoP scheme with DPoP', async () => {
    expect((await refused('DPoP a.b.c', { dpop: await proof() })).challenge).toBe('DPoP');
  });

  test('does not challenge an invalid bearer token with DPoP', async () => {
    expect((await refused('Bearer a.b.c')).challenge).toBeUndefined();
  });
});

describe('DPoP proof of a call of a protected resource', () => {
  test.each<[string, string, () => Promise<string> | undefined]>([
    ['if it is missing', 'malformed', () => undefined],
    ['if it has the ath of another token', 'wrong_ath', () => proof({ accessToken: free })],
    ['if it has no ath', 'wrong_ath', () => proof({ ath: undefined })],
    ['if it is for another URL', 'wrong_htu', () => proof({ htu: `${stage.issuer}/other` })],
    ['if it is for the token endpoint', 'wrong_htu', () => proof({ htu: `${stage.issuer}/oauth/token` })],
    ['if it is for another method', 'wrong_htm', () => proof({ htm: 'POST' })],
    ['if it is of another key', 'wrong_key', () => proof({}, stranger)],
    ['if its iat is 61 s ago', 'iat_too_old', () => proof({ iat: now - 61 })],
  ])('is refused %s (%s)', async (_, reason, make) => {
    const dpop = await make();
    expect(await refused(`DPoP ${bound}`, { dpop })).toStrictEqual({
      code: 'resource_dpop_proof',
      challenge: 'DPoP',
      reason,
    });
  });

  test('is refused if it was used before (replayed)', async () => {
    const dpop = await proof();
    await allowed(`DPoP ${bound}`, { dpop });
    const { code, reason } = await refused(`DPoP ${bound}`, { dpop });
    expect([code, reason]).toStrictEqual(['resource_dpop_proof', 'replayed']);
  });

  test('is accepted by exactly one of 10 concurrent calls', async () => {
    const dpop = await proof();
    const call = protectedCall(`DPoP ${bound}`, { dpop });
    const responses = await Promise.all(
      Array.from({ length: 10 }, () => authorizeCall(call, stage.protectedCalls)),
    );
    expect(responses.filter(({ ok }) => ok).length).toBe(1);
  });

  test('must have a nonce where the stage demands one', async () => {
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
});

describe('audience of a call of a protected resource', () => {
  test('refuses a bearer token for another audience', async () => {
    const foreign = await tokenOf({ resource: stock });
    expect((await refused(`Bearer ${foreign}`)).reason).toBe('another_audience');
  });

  test('refuses a bound token for another audience, and challenges with DPoP', async () => {
    const foreignBound = await tokenOf({ resource: stock, bound: true });
    const dpop = await proof({ accessToken: foreignBound });
    expect(await refused(`DPoP ${foreignBound}`, { dpop })).toStrictEqual({
      code: 'invalid_token',
      challenge: 'DPoP',
      reason: 'another_audience',
    });
  });
});

describe('scope of a call of a protected resource', () => {
  const scope = 'orders:create';

  test('refuses a bearer token without it with insufficient_scope', async () => {
    expect(await refused(`Bearer ${free}`, { scope })).toStrictEqual({
      code: 'insufficient_scope',
      challenge: undefined,
      reason: undefined,
    });
  });

  test('refuses a bound token without it with insufficient_scope, and challenges with DPoP', async () => {
    const dpop = await proof();
    const { code, challenge } = await refused(`DPoP ${bound}`, { scope, dpop });
    expect([code, challenge]).toStrictEqual(['insufficient_scope', 'DPoP']);
  });

  test('refuses a session, which has no scope, with insufficient_scope', async () => {
    expect((await refused(`Bearer ${ust}`)).code).toBe('insufficient_scope');
  });
});

describe('unavailable store in a call of a protected resource', () => {
  const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
  const { protectedCalls, accessTokenVerification, clock } = stage;

  test.each<[string, ProtectedCallCapabilities]>([
    [
      'revocations',
      {
        ...protectedCalls,
        verifyToken: tokenVerification([
          accessTokens({ ...accessTokenVerification, revocationStates: { find: down } }),
        ]).verifyToken,
      },
    ],
    [
      'used DPoP proofs',
      { ...protectedCalls, verifyDpopProof: dpopVerification({ replays: { firstUse: down }, clock }) },
    ],
  ])('of %s throws Unavailable, and neither allows nor refuses the call', async (_, context) => {
    const call = protectedCall(`DPoP ${bound}`, { dpop: await proof() });
    await expect(authorizeCall(call, context)).rejects.toThrow(Unavailable);
  });
});
