import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { accessTokens } from '../../src/oauth/access-token-verification.ts';
import { clientAuthentication } from '../../src/oauth/client-authentication.ts';
import type { TokenParameters } from '../../src/oauth/grant.ts';
import { revokeToken } from '../../src/oauth/revocation.ts';
import type { RevocationCapabilities } from '../../src/oauth/revocation.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { tokenVerification } from '../../src/oauth/token-verification.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import { sessionTokens } from '../../src/sessions/session-verification.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { jwtBy, partnerKey } from './client-keys.ts';
import { basic, memoryStage } from './stage.ts';

const stage = await memoryStage();
type Stage = typeof stage;

interface Holder {
  readonly clientId: string;
  readonly authorization: string;
  readonly token: string;
}

async function jwtHolder(at: Stage = stage): Promise<Holder> {
  const { client, secret = '' } = await at.register();
  const authorization = basic(client.id, secret);
  const parameters = { grant_type: 'client_credentials', scope: 'orders:read' };
  const issued = await issueToken({ authorization, parameters }, at.tokens);
  assert.ok(issued.ok);
  return { clientId: client.id, authorization, token: issued.value.response.access_token };
}

let accounts = 0;
async function sessionHolder(at: Stage = stage): Promise<Holder> {
  accounts += 1;
  const { client, secret = '' } = await at.register({ account: await at.account(`MAG10000000${accounts}`) });
  const authorization = basic(client.id, secret);
  const opened = await openSession(
    { authorization, grant_type: 'session', expires_in: undefined },
    at.sessionTokens,
  );
  assert.ok(opened.ok);
  return { clientId: client.id, authorization, token: opened.value.response.ust };
}

const holders = { JWT: jwtHolder, session: sessionHolder };

const revoke = (
  { authorization }: Pick<Holder, 'authorization'>,
  parameters: Parameters<typeof revokeToken>[1],
  capabilities: RevocationCapabilities = stage.revocation,
) => revokeToken(authorization, parameters, capabilities);

const isActive = async (token: string, at: Stage = stage) => (await at.verifyToken(token)).ok;

const production = await memoryStage('production');
const noRevoker = {
  revokeJwt: () => assert.fail('a revoked JWT was stored'),
  deleteSession: () => assert.fail('a session was deleted'),
};

const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
const unavailable: readonly [string, RevocationCapabilities][] = [
  ['the store of revocations', { ...stage.revocation, revoker: { revokeJwt: down, deleteSession: down } }],
  [
    'the store of clients',
    {
      ...stage.revocation,
      authenticateClient: clientAuthentication({ ...stage.authentication, clients: { findNow: down } }),
    },
  ],
  [
    'the store that the token is verified with',
    {
      ...stage.revocation,
      recognizeToken: tokenVerification([
        sessionTokens({ ...stage.sessionVerification, sessions: { find: down } }),
        accessTokens({ ...stage.accessTokenVerification, verificationKey: down }),
      ]).recognizeToken,
    },
  ],
];

describe.each(Object.entries(holders))('revocation of a %s', (_, hold) => {
  test('makes the token invalid at once, and no other token', async () => {
    const holder = await hold();
    const other = await hold();
    expect(await isActive(holder.token)).toBe(true);
    expect(await revoke(holder, { token: holder.token })).toMatchObject({
      ok: true,
      value: { clientId: holder.clientId, revoked: expect.anything() },
    });
    expect(await isActive(holder.token)).toBe(false);
    expect(await isActive(other.token)).toBe(true);
  });

  test('succeeds again for a revoked token', async () => {
    const holder = await hold();
    await revoke(holder, { token: holder.token });
    expect((await revoke(holder, { token: holder.token })).ok).toBe(true);
    expect(await isActive(holder.token)).toBe(false);
  });

  test.each(Object.entries(holders))(
    "is refused with Commerce Layer's response for another client that holds a %s",
    async (__, holdOther) => {
      const holder = await hold();
      const other = await holdOther();
      expect(await revoke(other, { token: holder.token })).toStrictEqual({
        ok: false,
        error: {
          code: 'token_of_another_client',
          description: 'You are not authorized to revoke this token',
          clientId: other.clientId,
        },
      });
      expect(await isActive(holder.token)).toBe(true);
    },
  );

  test.each(['access_token', 'refresh_token', 'nonsense'])(
    'ignores the token_type_hint %s',
    async (token_type_hint) => {
      const holder = await hold();
      const parameters: object = { token: holder.token, token_type_hint };
      expect((await revoke(holder, parameters)).ok).toBe(true);
      expect(await isActive(holder.token)).toBe(false);
    },
  );

  test('writes nothing for an expired token', async () => {
    const moving = await memoryStage();
    const holder = await hold(moving);
    moving.time.now += 7_200;
    const capabilities = { ...moving.revocation, revoker: noRevoker };
    expect(await revoke(holder, { token: holder.token }, capabilities)).toStrictEqual({
      ok: true,
      value: { clientId: holder.clientId, revoked: undefined },
    });
  });

  test.each(unavailable)('throws Unavailable if %s is unavailable', async (__, capabilities) => {
    const holder = await hold();
    await expect(revoke(holder, { token: holder.token }, capabilities)).rejects.toThrow(Unavailable);
    expect(await isActive(holder.token)).toBe(true);
  });

  test.each<[string, (clientId: string) => string]>([
    ['a wrong secret', (clientId) => basic(clientId, 'wrong')],
    ['an unknown client', () => basic('nobody', 'x')],
    ['no credentials', () => ''],
  ])('is refused with invalid_client for %s', async (__, authorization) => {
    const holder = await hold();
    const revoked = await revoke({ authorization: authorization(holder.clientId) }, { token: holder.token });
    assert.ok(!revoked.ok);
    expect(revoked.error.code).toBe('invalid_client');
    expect(await isActive(holder.token)).toBe(true);
  });
});

describe('revocation request', () => {
  test('stores a revoked JWT until it expires', async () => {
    const holder = await jwtHolder();
    const { jti, exp } = decodeJwt(holder.token);
    const written: unknown[] = [];
    const revoker = {
      ...noRevoker,
      revokeJwt: async (...args: unknown[]) => void written.push(args),
    };
    await revoke(holder, { token: holder.token }, { ...stage.revocation, revoker });
    expect(written).toStrictEqual([[jti, exp]]);
  });

  test.each<[string, (ownToken: string) => string | Promise<string>]>([
    ['a string that is no token', () => 'garbage'],
    ['a forged session token', () => `${'A'.repeat(32)}.${'A'.repeat(12)}`],
    ['a forged JWT', () => 'a.b.c'],
    ['a JWT of another stage', async () => (await jwtHolder(production)).token],
    ['a session of another stage', async () => (await sessionHolder(production)).token],
    ['a JWT with another signature', (ownToken) => `${ownToken.slice(0, -8)}AAAAAAAA`],
  ])('succeeds for %s, and writes nothing', async (_, make) => {
    const holder = await jwtHolder();
    const token = await make(holder.token);
    expect(await revoke(holder, { token }, { ...stage.revocation, revoker: noRevoker })).toStrictEqual({
      ok: true,
      value: { clientId: holder.clientId, revoked: undefined },
    });
  });

  test('is refused with invalid_request without a token', async () => {
    const revoked = await revoke(await jwtHolder(), {});
    assert.ok(!revoked.ok);
    expect(revoked.error.code).toBe('invalid_request');
  });

  /** The client credentials of one request. */
  type Credentials = () => Promise<Pick<TokenParameters, 'client_id' | 'client_assertion'>>;

  test.each<[string, () => Promise<Credentials>]>([
    [
      'a public client, by its client_id',
      async () => {
        const { client } = await stage.register({ kind: 'sales_channel' });
        return async () => ({ client_id: client.id });
      },
    ],
    [
      'a client with a key, by an assertion',
      async () => {
        const key = await partnerKey();
        const { id } = (await stage.register({ keys: [key.publicKey] })).client;
        const claims = { iss: id, sub: id, aud: stage.issuer, exp: stage.time.now + 60 };
        return async () => ({
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
          client_assertion: await jwtBy(key, { ...claims, jti: randomUUID() }),
        });
      },
    ],
  ])('revokes the token of %s', async (_, register) => {
    const credentials = await register();
    const parameters = {
      grant_type: 'client_credentials',
      scope: 'orders:read',
      ...(await credentials()),
    };
    const issued = await issueToken({ authorization: undefined, parameters }, stage.tokens);
    assert.ok(issued.ok);
    const token = issued.value.response.access_token;
    const revoked = await revokeToken(undefined, { token, ...(await credentials()) }, stage.revocation);
    assert.ok(revoked.ok);
    expect(revoked.value.revoked?.kind).toBe('jwt');
    expect(await isActive(token)).toBe(false);
  });
});
