import assert from 'node:assert/strict';
import { createHmac, createPublicKey, sign as cryptoSign, generateKeyPairSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { jwtSigner } from '../../src/keys/sign-jwt.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { audienceError, scopeError, tokenVerification } from '../../src/oauth/token-verification.ts';
import { openSession } from '../../src/sessions/session-request.ts';
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

test('a JWT stands for its client and scope', async () => {
  const { token, client } = await jwtOf(sandbox, 'orders:read orders:create');
  const verified = await sandbox.verifyToken(token);
  assert.ok(verified.ok);
  expect(verified.value.clientId).toBe(client.id);
  expect(verified.value.scope).toBe('orders:read orders:create');
  expect(verified.value.account).toBeUndefined();
});

test('a session token stands for its account', async () => {
  const { token, client, account } = await sessionOf(sandbox);
  const verified = await sandbox.verifyToken(token);
  const { now } = sandbox.time;
  expect(verified).toStrictEqual({
    ok: true,
    value: {
      kind: 'session',
      clientId: client.id,
      subject: account,
      account,
      scope: '',
      issuedAt: now,
      expiresAt: now + 60,
      claims: {},
    },
  });
});

test('neither kind crosses from one stage to the other, in either direction', async () => {
  for (const [from, to] of [
    [sandbox, production],
    [production, sandbox],
  ] as const) {
    await reasonOf((await jwtOf(from)).token, to);
    expect(await reasonOf((await sessionOf(from)).token, to)).toBe('wrong_tag');
  }
});

test('a made-up session token reads nothing from the database', async () => {
  const { token } = await sessionOf(production);
  const { verifyToken } = tokenVerification([
    sessionTokens({
      ...sandbox.sessionVerification,
      sessions: { find: () => assert.fail('the session table was read') },
    }),
  ]);
  const verified = await verifyToken(token);
  assert.ok(!verified.ok);
});

test('both kinds end at their second, not one later', async () => {
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

test('both kinds end when their client is disabled, deleted, or all its tokens are ended', async () => {
  for (const make of [jwtOf, sessionOf]) {
    const stage = await memoryStage();
    const { token, client } = await make(stage);
    await stage.clients.replace({ ...client, status: 'disabled' });
    expect(await reasonOf(token, stage)).toBe('client_disabled');
    await stage.clients.replace({ ...client, version: 2, tokensValidAfter: stage.time.now });
    expect(await reasonOf(token, stage)).toBe('all_tokens_revoked');
    await stage.clients.delete(client.id);
    expect(await reasonOf(token, stage)).toBe('client_deleted');
  }
});

test('a token issued right after all tokens were ended lives', async () => {
  const stage = await memoryStage();
  const { client, secret = '' } = await stage.register();
  await stage.clients.replace({ ...client, tokensValidAfter: stage.time.now });
  const parameters = { grant_type: 'client_credentials', scope: 'orders:read' };
  const issued = await issueToken({ authorization: basic(client.id, secret), parameters }, stage.tokens);
  assert.ok(issued.ok);
  expect((await stage.verifyToken(issued.value.response.access_token)).ok).toBe(true);
});

test('refuses every forged or misused JWT', async () => {
  const { token, client } = await jwtOf(sandbox);
  const [header = '', payload = '', signature = ''] = token.split('.');
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

  const forged: Record<string, string> = {
    'alg none': `${encode({ alg: 'none', typ: 'at+jwt', kid })}.${payload}.`,
    'alg None': `${encode({ alg: 'None', typ: 'at+jwt', kid })}.${payload}.`,
    'alg NONE with a signature': `${encode({ alg: 'NONE', typ: 'at+jwt', kid })}.${payload}.${signature}`,
    'empty signature': `${header}.${payload}.`,
    'HS256 with the public key': `${hs256}.${createHmac('sha256', publicPem).update(hs256).digest('base64url')}`,
    'a key of its own': attackerSigned({}),
    'an embedded jwk': attackerSigned({ jwk: attacker.publicKey.export({ format: 'jwk' }) }),
    'jku to elsewhere': attackerSigned({ jku: 'http://127.0.0.1:1/jwks.json' }),
    'x5u to elsewhere': attackerSigned({ x5u: 'http://127.0.0.1:1/x5u' }),
    'kid with a path': attackerSigned({ kid: '../../etc/passwd' }),
    'kid with a query': attackerSigned({ kid: "' OR 1=1 --" }),
    'no kid': attackerSigned({ kid: undefined }),
    'crit unknown': attackerSigned({ crit: ['x'], x: 1 }),
    'another payload': `${header}.${encode({ ...claims, scope: 'admin' })}.${signature}`,
    'a client assertion': signed({}, 'JWT'),
    'no typ that is ours': signed({}, 'secevent+jwt'),
    'another issuer': signed({ iss: 'https://production.example.com' }),
    'no audience': signed({ aud: undefined }),
    'a key that is no longer published': jwtSigner({ ...sandbox.signingKey, kid: 'gone' }, 'at+jwt')(claims),
    'expired by one second': signed({ exp: now - 1 }),
    'expires now': signed({ exp: now }),
    'not yet valid': signed({ nbf: now + 31 }),
    'issued in the future': signed({ iat: now + 31 }),
    'no exp': signed({ exp: undefined }),
    'no iat': signed({ iat: undefined }),
    'no client_id': signed({ client_id: undefined }),
    'a client_id that is no text': signed({ client_id: { id: client.id } }),
    'five parts': `${token}.a.b`,
    'no token at all': 'a.b.c',
  };
  for (const [attack, jwt] of Object.entries(forged)) {
    const verified = await sandbox.verifyToken(jwt);
    assert.ok(!verified.ok && verified.error.code === 'invalid_token', attack);
  }
  assert.ok((await sandbox.verifyToken(token)).ok, 'the token that they were made from');
  assert.ok((await sandbox.verifyToken(signed({ nbf: now + 30, iat: now + 30 }))).ok, 'a clock 30 s off');
});

test('a scope is there as a whole word, or missing', async () => {
  const caller = {
    kind: 'jwt',
    clientId: 'c',
    subject: 'c',
    scope: 'orders:read orders',
    issuedAt: 0,
    expiresAt: 1,
    audience: 'https://a.example.com',
    claims: {},
  } as const;
  expect(audienceError(caller, 'https://a.example.com')).toBeUndefined();
  expect(audienceError(caller, 'https://b.example.com')?.code).toBe('invalid_token');
  expect(scopeError(caller, 'orders:read')).toBeUndefined();
  expect(scopeError(caller, 'orders:create')?.code).toBe('insufficient_scope');
  expect(scopeError(caller, 'read')?.scope).toBe('read');
});

test('a client that is made again under an id brings no dead tokens back', async () => {
  const stage = await memoryStage();
  const first = await stage.register({ clientId: 'same' });
  const parameters = { grant_type: 'client_credentials', scope: 'orders:read' };
  const issue = async ({ secret = '' }: typeof first) => {
    const issued = await issueToken({ authorization: basic('same', secret), parameters }, stage.tokens);
    assert.ok(issued.ok);
    return issued.value.response.access_token;
  };
  const old = await issue(first);
  await stage.clients.delete('same');
  stage.time.now += 1;
  const second = await stage.register({ clientId: 'same' });
  expect(await reasonOf(old, stage)).toBe('all_tokens_revoked');
  expect((await stage.verifyToken(await issue(second))).ok).toBe(true);
});
