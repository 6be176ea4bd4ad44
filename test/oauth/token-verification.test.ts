import assert from 'node:assert/strict';
import { createHmac, createPublicKey, sign as cryptoSign, generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { disableAccount } from '../../src/clients/account-status.ts';
import { revokeTokens } from '../../src/clients/client-changes.ts';
import { deleteClient } from '../../src/clients/client-deletion.ts';
import type { Client } from '../../src/clients/client.ts';
import { jwtSigner } from '../../src/keys/sign-jwt.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { audienceError, scopeError, tokenVerification } from '../../src/oauth/token-verification.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import { hashSessionToken } from '../../src/sessions/session-token.ts';
import { sessionTokens } from '../../src/sessions/session-verification.ts';
import { basic, memoryStage } from './stage.ts';

const sandbox = await memoryStage('sandbox');
const production = await memoryStage('production');
type Stage = typeof sandbox;

async function jwtOf(stage: Stage, scope = 'orders:read') {
  const { client, secret = '' } = await stage.register();
  const parameters = { grant_type: 'client_credentials', scope };
  const issued = await issueToken({ authorization: basic(client.id, secret), parameters }, stage.tokens);
  assert.ok(issued.ok);
  return { token: issued.value.response.access_token, client };
}

let accounts = 0;
async function sessionOf(stage: Stage) {
  accounts += 1;
  const account = await stage.account(`MAG00000000${accounts}`);
  const { client, secret = '' } = await stage.register({ account });
  const opened = await openSession(
    { authorization: basic(client.id, secret), grant_type: 'session', expires_in: 60 },
    stage.sessionTokens,
  );
  assert.ok(opened.ok);
  return { token: opened.value.response.ust, client, account };
}

async function reasonOf(token: string, stage: Stage = sandbox) {
  const verified = await stage.verifyToken(token);
  assert.ok(!verified.ok, 'must be refused');
  expect(verified.error.code).toBe('invalid_token');
  return verified.error.reason;
}

describe('token verification', () => {
  test('of a JWT gives its client and scope', async () => {
    const { token, client } = await jwtOf(sandbox, 'orders:read orders:create');
    const verified = await sandbox.verifyToken(token);
    assert.ok(verified.ok);
    expect(verified.value.clientId).toBe(client.id);
    expect(verified.value.scope).toBe('orders:read orders:create');
    expect(verified.value).not.toHaveProperty('account');
  });

  test('of a session token gives its account', async () => {
    const { token, client, account } = await sessionOf(sandbox);
    const verified = await sandbox.verifyToken(token);
    const { now } = sandbox.time;
    expect(verified).toStrictEqual({
      ok: true,
      value: {
        kind: 'session',
        sessionId: hashSessionToken(token),
        clientId: client.id,
        secretId: client.secrets[0]?.id,
        tokenGeneration: client.tokenGeneration,
        subject: account,
        account,
        sessionGeneration: '',
        scope: '',
        issuedAt: now,
        expiresAt: now + 60,
      },
    });
  });

  describe.each([
    ['the sandbox', 'production', sandbox, production],
    ['production', 'the sandbox', production, sandbox],
  ])('of %s in %s', (_, __, from, to) => {
    test('refuses a JWT', async () => {
      await reasonOf((await jwtOf(from)).token, to);
    });

    test('refuses a session token (wrong_tag)', async () => {
      expect(await reasonOf((await sessionOf(from)).token, to)).toBe('wrong_tag');
    });
  });

  test('refuses a session token of another stage without reading the database', async () => {
    const { token } = await sessionOf(production);
    const { verifyToken } = tokenVerification([
      sessionTokens({
        ...sandbox.sessionVerification,
        sessions: { find: () => assert.fail('the session table was read') },
      }),
    ]);
    expect((await verifyToken(token)).ok).toBe(false);
  });

  test('refuses both kinds from the second of their exp', async () => {
    const stage = await memoryStage();
    const jwt = await jwtOf(stage);
    const session = await sessionOf(stage);
    stage.time.now += 59;
    expect((await stage.verifyToken(session.token)).ok).toBe(true);
    stage.time.now += 1;
    expect(await reasonOf(session.token, stage)).toBe('expired');
    stage.time.now += 7_200 - 61;
    expect((await stage.verifyToken(jwt.token)).ok).toBe(true);
    stage.time.now += 1;
    expect(await reasonOf(jwt.token, stage)).toBe('expired');
  });

  describe.each([
    ['a JWT', jwtOf],
    ['a session token', sessionOf],
  ])('of %s', (_, make) => {
    test('refuses it if its client is disabled (client_disabled)', async () => {
      const stage = await memoryStage();
      const { token, client } = await make(stage);
      await stage.clients.replace({ ...client, status: 'disabled' });
      expect(await reasonOf(token, stage)).toBe('client_disabled');
    });

    test('refuses it if all tokens of its client are revoked (all_tokens_revoked)', async () => {
      const stage = await memoryStage();
      const { token, client } = await make(stage);
      await stage.clients.replace(revokeTokens(client));
      expect(await reasonOf(token, stage)).toBe('all_tokens_revoked');
    });

    test('refuses it if its client is deleted (client_deleted)', async () => {
      const stage = await memoryStage();
      const { token, client } = await make(stage);
      await stage.clients.delete(client);
      expect(await reasonOf(token, stage)).toBe('client_deleted');
    });
  });

  describe('of a session whose key is deleted without revoking its sessions', () => {
    async function deleted(stage: Stage, change: (client: Client) => Client = (client) => client) {
      const session = await sessionOf(stage);
      const { clients } = stage;
      const changed = change(session.client);
      if (changed !== session.client) await clients.replace(changed);
      const options = { revokeSessions: false, longestSession: 7_200 };
      expect(await deleteClient(changed.id, options, stage.registry)).toBe('deleted');
      return session;
    }

    test('accepts it until it expires', async () => {
      const stage = await memoryStage();
      const { token } = await deleted(stage);
      stage.time.now += 59;
      expect((await stage.verifyToken(token)).ok).toBe(true);
      stage.time.now += 1;
      expect(await reasonOf(token, stage)).toBe('expired');
    });

    test('refuses it if the key was disabled', async () => {
      const stage = await memoryStage();
      const { token } = await deleted(stage, (client) => ({ ...client, status: 'disabled' }));
      expect(await reasonOf(token, stage)).toBe('client_deleted');
    });

    test('refuses it if all tokens of the key were revoked', async () => {
      const stage = await memoryStage();
      const { token } = await deleted(stage, revokeTokens);
      expect(await reasonOf(token, stage)).toBe('all_tokens_revoked');
    });

    test('refuses it when the sessions of the deleted key are revoked', async () => {
      const stage = await memoryStage();
      const { token, client } = await deleted(stage);
      const options = { revokeSessions: true, longestSession: 7_200 };
      expect(await deleteClient(client.id, options, stage.registry)).toBe('deleted');
      expect(await reasonOf(token, stage)).toBe('client_deleted');
    });

    test('refuses it if the id is registered again', async () => {
      const stage = await memoryStage();
      const { token, client, account } = await deleted(stage);
      await stage.register({ account, clientId: client.id });
      expect(await reasonOf(token, stage)).toBe('all_tokens_revoked');
    });
  });

  describe('of a session whose account is disabled', () => {
    test('refuses it, and names the reason to its holder', async () => {
      const stage = await memoryStage();
      const { token, account } = await sessionOf(stage);
      await disableAccount(account, stage);
      expect(await stage.verifyToken(token)).toMatchObject({
        ok: false,
        error: { code: 'account_disabled', reason: 'account_disabled' },
      });
    });

    test('refuses it even when the account is enabled again (account_was_disabled)', async () => {
      const stage = await memoryStage();
      const { token, account } = await sessionOf(stage);
      await disableAccount(account, stage);
      await stage.accounts.enable(account);
      expect(await reasonOf(token, stage)).toBe('account_was_disabled');
    });
  });

  test('accepts a token that is issued in the second in which all tokens were revoked', async () => {
    const stage = await memoryStage();
    const { client, secret = '' } = await stage.register();
    await stage.clients.replace(revokeTokens(client));
    const parameters = { grant_type: 'client_credentials', scope: 'orders:read' };
    const issued = await issueToken({ authorization: basic(client.id, secret), parameters }, stage.tokens);
    assert.ok(issued.ok);
    expect((await stage.verifyToken(issued.value.response.access_token)).ok).toBe(true);
  });

  test('refuses a session that was opened before clients had generations', async () => {
    const stage = await memoryStage();
    const { token } = await sessionOf(stage);
    const found = await stage.sessions.find(hashSessionToken(token));
    assert.ok(found);
    const { tokenGeneration: _, ...older } = found;
    await stage.sessions.put(hashSessionToken(token), older);
    expect(await reasonOf(token, stage)).toBe('all_tokens_revoked');
  });

  test('refuses the tokens of a deleted client whose id is registered again', async () => {
    const stage = await memoryStage();
    const first = await stage.register({ clientId: 'same' });
    const parameters = { grant_type: 'client_credentials', scope: 'orders:read' };
    const issue = async ({ secret = '' }: typeof first) => {
      const issued = await issueToken({ authorization: basic('same', secret), parameters }, stage.tokens);
      assert.ok(issued.ok);
      return issued.value.response.access_token;
    };
    const old = await issue(first);
    await stage.clients.delete(first.client);
    const second = await stage.register({ clientId: 'same' });
    expect(await reasonOf(old, stage)).toBe('all_tokens_revoked');
    expect((await stage.verifyToken(await issue(second))).ok).toBe(true);
  });
});

const { token: genuine, client: holder } = await jwtOf(sandbox);

describe('verification of a forged or misused JWT', () => {
  const [header = '', payload = '', signature = ''] = genuine.split('.');
  const { kid } = sandbox.signingKey;
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const now = sandbox.time.now;
  const signed = (changes: object, typ = 'at+jwt') =>
    jwtSigner(sandbox.signingKey, typ)({ ...claims, ...changes });

  const publicPem = createPublicKey({ key: sandbox.signingKey, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem',
  });
  const hs256 = `${encode({ alg: 'HS256', typ: 'at+jwt', kid })}.${payload}`;
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const attackerSigned = (more: object) => {
    const input = `${encode({ alg: 'ES256', typ: 'at+jwt', kid, ...more })}.${payload}`;
    const key = { key: attacker.privateKey, dsaEncoding: 'ieee-p1363' as const };
    return `${input}.${cryptoSign('sha256', Buffer.from(input), key).toString('base64url')}`;
  };

  const forged: Readonly<Record<string, string>> = {
    'alg none': `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
    'alg None': `${encode({ alg: 'None', typ: 'at+jwt', kid })}.${payload}.`,
    'alg NONE and a signature': `${encode({ alg: 'NONE', typ: 'at+jwt', kid })}.${payload}.${signature}`,
    'an empty signature': `${header}.${payload}.`,
    'HS256 and the public key as the secret': `${hs256}.${createHmac('sha256', publicPem).update(hs256).digest('base64url')}`,
    'the signature of another key': attackerSigned({}),
    'another key and its jwk': attackerSigned({ jwk: attacker.publicKey.export({ format: 'jwk' }) }),
    'another key and a jku': attackerSigned({ jku: 'http://127.0.0.1:1/jwks.json' }),
    'another key and an x5u': attackerSigned({ x5u: 'http://127.0.0.1:1/x5u' }),
    'another key and a kid that is a path': attackerSigned({ kid: '../../etc/passwd' }),
    'another key and a kid that is an SQL query': attackerSigned({ kid: "' OR 1=1 --" }),
    'another key and no kid': attackerSigned({ kid: undefined }),
    'another key and an unknown critical extension': attackerSigned({ crit: ['x'], x: 1 }),
    'a payload other than the signed one': `${header}.${encode({ ...claims, scope: 'admin' })}.${signature}`,
    'the typ of a client assertion': signed({}, 'JWT'),
    'the typ of a security event': signed({}, 'secevent+jwt'),
    'another issuer': signed({ iss: 'https://production.example.com' }),
    'a missing aud': signed({ aud: undefined }),
    'a kid that is no longer published': jwtSigner({ ...sandbox.signingKey, kid: 'gone' }, 'at+jwt')(claims),
    'an exp one second ago': signed({ exp: now - 1 }),
    'an exp of this second': signed({ exp: now }),
    'an nbf in 31 s': signed({ nbf: now + 31 }),
    'an iat in 31 s': signed({ iat: now + 31 }),
    'a missing exp': signed({ exp: undefined }),
    'a missing iat': signed({ iat: undefined }),
    'a missing token_generation': signed({ token_generation: undefined }),
    'a missing client_id': signed({ client_id: undefined }),
    'a client_id that is no string': signed({ client_id: { id: holder.id } }),
    'five parts': `${genuine}.a.b`,
    'three parts that are no JSON': 'a.b.c',
  };
  test.each(Object.entries(forged))('refuses %s with invalid_token', async (_, jwt) => {
    const verified = await sandbox.verifyToken(jwt);
    assert.ok(!verified.ok);
    expect(verified.error.code).toBe('invalid_token');
  });

  test('accepts the JWT that they are derived from', async () => {
    expect((await sandbox.verifyToken(genuine)).ok).toBe(true);
  });

  test('accepts an nbf and an iat in 30 s', async () => {
    expect((await sandbox.verifyToken(signed({ nbf: now + 30, iat: now + 30 }))).ok).toBe(true);
  });
});

describe('audience and scope of a verified token', () => {
  const caller = {
    kind: 'jwt',
    clientId: 'c',
    tokenGeneration: 'g',
    subject: 'c',
    scope: 'orders:read orders',
    issuedAt: 0,
    expiresAt: 1,
    audience: 'https://a.example.com',
    jti: 'j',
    keyId: 'k',
    origins: [],
    claims: {},
  } as const;

  test('accepts its audience', () => {
    expect(audienceError(caller, 'https://a.example.com')).toBeUndefined();
  });

  test('refuses another audience with invalid_token', () => {
    expect(audienceError(caller, 'https://b.example.com')?.code).toBe('invalid_token');
  });

  test('accepts one of its scopes', () => {
    expect(scopeError(caller, 'orders:read')).toBeUndefined();
  });

  test('refuses another scope with insufficient_scope', () => {
    expect(scopeError(caller, 'orders:create')?.code).toBe('insufficient_scope');
  });

  test('refuses a part of one of its scopes, and names the scope that is required', () => {
    expect(scopeError(caller, 'read')?.scope).toBe('read');
  });
});
