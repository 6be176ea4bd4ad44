import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import { accessTokens } from '../../src/oauth/access-token-verification.ts';
import { clientAuthentication } from '../../src/oauth/client-authentication.ts';
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
    { authorization: authorization, grant_type: 'session', expires_in: undefined },
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

const lives = async (token: string, at: Stage = stage) => (await at.verifyToken(token)).ok;

for (const [kind, hold] of Object.entries(holders)) {
  describe(`a ${kind}`, () => {
    test('is over as soon as its client has revoked it, and no other token is', async () => {
      const holder = await hold();
      const other = await hold();
      expect(await lives(holder.token)).toBe(true);
      expect(await revoke(holder, { token: holder.token })).toStrictEqual({
        ok: true,
        value: { clientId: holder.clientId, revoked: true },
      });
      expect(await lives(holder.token)).toBe(false);
      expect(await lives(other.token)).toBe(true);
    });

    test('may be revoked again', async () => {
      const holder = await hold();
      await revoke(holder, { token: holder.token });
      expect((await revoke(holder, { token: holder.token })).ok).toBe(true);
      expect(await lives(holder.token)).toBe(false);
    });

    test('of another client stays, and the answer is that of Commerce Layer', async () => {
      const holder = await hold();
      for (const other of [await jwtHolder(), await sessionHolder()]) {
        expect(await revoke(other, { token: holder.token })).toStrictEqual({
          ok: false,
          error: {
            code: 'token_of_another_client',
            description: 'You are not authorized to revoke this token',
            clientId: other.clientId,
          },
        });
      }
      expect(await lives(holder.token)).toBe(true);
    });

    test('is revoked whatever the hint says', async () => {
      for (const token_type_hint of ['access_token', 'refresh_token', 'nonsense']) {
        const holder = await hold();
        const parameters: object = { token: holder.token, token_type_hint };
        expect((await revoke(holder, parameters)).ok).toBe(true);
        expect(await lives(holder.token)).toBe(false);
      }
    });

    test('that has expired needs no revocation: nothing is written', async () => {
      const moving = await memoryStage();
      const holder = await hold(moving);
      moving.time.now += 7_200;
      const revoker = {
        revokeJwt: () => assert.fail('it was written'),
        deleteSession: () => assert.fail('it was written'),
      };
      expect(await revoke(holder, { token: holder.token }, { ...moving.revocation, revoker })).toStrictEqual({
        ok: true,
        value: { clientId: holder.clientId, revoked: false },
      });
    });

    test('is not said to be revoked by a store that is down', async () => {
      const holder = await hold();
      const down = () => Promise.reject(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
      const contexts: Record<string, RevocationCapabilities> = {
        writing: { ...stage.revocation, revoker: { revokeJwt: down, deleteSession: down } },
        'reading the client': {
          ...stage.revocation,
          authenticateClient: clientAuthentication({ ...stage.authentication, clients: { find: down } }),
        },
        'reading the token': {
          ...stage.revocation,
          recognizeToken: tokenVerification([
            sessionTokens({ ...stage.sessionVerification, sessions: { find: down } }),
            accessTokens({ ...stage.accessTokenVerification, verificationKey: down }),
          ]).recognizeToken,
        },
      };
      for (const [what, context] of Object.entries(contexts)) {
        await assert.rejects(revoke(holder, { token: holder.token }, context), Unavailable, what);
      }
      expect(await lives(holder.token)).toBe(true);
    });

    test('needs its client to authenticate', async () => {
      const holder = await hold();
      for (const authorization of [basic(holder.clientId, 'wrong'), basic('nobody', 'x'), '']) {
        const revoked = await revoke({ authorization }, { token: holder.token });
        assert.ok(!revoked.ok);
        expect(revoked.error.code).toBe('invalid_client');
      }
      expect(await lives(holder.token)).toBe(true);
    });
  });
}

test('a JWT is remembered until it would have run out', async () => {
  const holder = await jwtHolder();
  const { jti, exp } = decodeJwt(holder.token);
  const written: unknown[] = [];
  const revoker = {
    revokeJwt: async (...args: unknown[]) => void written.push(args),
    deleteSession: () => assert.fail('it is no session'),
  };
  await revoke(holder, { token: holder.token }, { ...stage.revocation, revoker });
  expect(written).toStrictEqual([[jti, exp]]);
});

test('a token that is unknown is no error, and writes nothing', async () => {
  const production = await memoryStage('production');
  const holder = await jwtHolder();
  const unknown: Record<string, string> = {
    garbage: 'garbage',
    'a made-up session': `${'A'.repeat(32)}.${'A'.repeat(12)}`,
    'a made-up JWT': 'a.b.c',
    'a JWT of another stage': (await jwtHolder(production)).token,
    'a session of another stage': (await sessionHolder(production)).token,
    'a JWT with another signature': `${holder.token.slice(0, -8)}AAAAAAAA`,
  };
  const revoker = {
    revokeJwt: () => assert.fail('it was written'),
    deleteSession: () => assert.fail('it was written'),
  };
  for (const [name, token] of Object.entries(unknown)) {
    assert.deepEqual(
      await revoke(holder, { token }, { ...stage.revocation, revoker }),
      { ok: true, value: { clientId: holder.clientId, revoked: false } },
      name,
    );
  }
});

test('a token is needed', async () => {
  const revoked = await revoke(await jwtHolder(), {});
  assert.ok(!revoked.ok);
  expect(revoked.error.code).toBe('invalid_request');
});

test('a public client revokes its own token, and one with a key proves itself with it', async () => {
  const channel = (await stage.register({ kind: 'sales_channel' })).client;
  const key = await partnerKey();
  const keyed = (await stage.register({ keys: [key.publicKey] })).client;
  const { now } = stage.time;
  const assertion = async (jti: string) => ({
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: await jwtBy(key, {
      iss: keyed.id,
      sub: keyed.id,
      aud: stage.issuer,
      exp: now + 60,
      jti,
    }),
  });
  for (const [credentials, again] of [
    [{ client_id: channel.id }, { client_id: channel.id }],
    [await assertion('1'), await assertion('2')],
  ] as const) {
    const parameters = { grant_type: 'client_credentials', scope: 'orders:read', ...credentials };
    const issued = await issueToken({ authorization: undefined, parameters }, stage.tokens);
    assert.ok(issued.ok);
    const token = issued.value.response.access_token;
    const revoked = await revokeToken(undefined, { token, ...again }, stage.revocation);
    assert.ok(revoked.ok && revoked.value.revoked);
    expect(await lives(token)).toBe(false);
  }
});
