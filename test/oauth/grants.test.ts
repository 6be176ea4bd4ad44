import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import { decodeJwt } from 'jose';
import type { ClientRegistration } from '../../src/oauth/client-registration.ts';
import type { ClientKind } from '../../src/oauth/client.ts';
import type { TokenParameters } from '../../src/oauth/grants.ts';
import { openSession } from '../../src/oauth/session-grant.ts';
import { requestToken } from '../../src/oauth/token-endpoint.ts';
import type { TokenEndpointContext } from '../../src/oauth/token-endpoint.ts';
import { verifyToken } from '../../src/oauth/token-verification.ts';
import { Unavailable } from '../../src/unavailable.ts';
import { dpopProof, jwtBy, partnerKey, rawJws, thumbprint } from './client-keys.ts';
import { basic, memoryStage } from './stage.ts';

const clientCredentials = 'client_credentials';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const accessTokenType = 'urn:ietf:params:oauth:token-type:access_token';
const claimsName = 'https://commercelayer.io/claims';
const stock = 'https://stock.example.com';

const stage = await memoryStage();
const { now } = stage.time;
type Stage = typeof stage;
type Changes = Readonly<Record<string, unknown>>;

interface Ask {
  readonly context?: TokenEndpointContext;
  readonly dpop?: string;
}

/** A partner with a secret, and how it asks for tokens. */
async function partner(registration: Partial<ClientRegistration> = {}, at: Stage = stage) {
  const { client, secret = '' } = await at.register({ withSecret: true, ...registration });
  const ask = (parameters: TokenParameters, { context = at.tokens, dpop }: Ask = {}) =>
    requestToken({ authorization: basic(client.id, secret), dpop, parameters }, context);
  return {
    client,
    authorization: basic(client.id, secret),
    async issued(parameters: TokenParameters, how?: Ask) {
      const result = await ask(parameters, how);
      assert.ok(result.ok, JSON.stringify(result));
      const { response } = result.value;
      return { response, claims: decodeJwt(response.access_token) };
    },
    async refused(parameters: TokenParameters, how?: Ask) {
      const result = await ask(parameters, how);
      assert.ok(!result.ok, 'must be refused');
      return result.error;
    },
  };
}
type Partner = Awaited<ReturnType<typeof partner>>;

const proofOf = (key: Awaited<ReturnType<typeof partnerKey>>, changes: Changes = {}) =>
  dpopProof(key, { htm: 'POST', htu: `${stage.issuer}/oauth/token`, iat: stage.time.now, ...changes });

describe('jwt-bearer', async () => {
  const key = await partnerKey();
  const strangersKey = await partnerKey();
  const acting = await partner({ grants: [clientCredentials, jwtBearer], keys: [key.publicKey] });
  const owner = { type: 'Customer', id: 'fdgt56hh' };
  const actingFor = { owner, custom_claim: { segment: 'vip', tier: 3 } };

  /** As Commerce Layer's programs make it; undefined leaves a claim out. */
  const assertion = (changes: Changes = {}, header: Changes = {}) =>
    jwtBy(key, { iat: now, [claimsName]: actingFor, rand: randomUUID(), ...changes }, header);
  const request = async (given: string | Promise<string>, more: TokenParameters = {}) => ({
    grant_type: jwtBearer,
    assertion: await given,
    scope: 'orders:read',
    ...more,
  });

  test("takes Commerce Layer's form, without iss, sub, aud and exp, and states the owner", async () => {
    const { response, claims } = await acting.issued(await request(assertion()));
    assert.deepEqual(claims['owner'], owner);
    assert.deepEqual(claims['custom_claim'], { segment: 'vip', tier: 3 });
    assert.equal(claims.sub, acting.client.id);
    assert.equal(claims['client_id'], acting.client.id);
    assert.equal(claims['scope'], 'orders:read');
    const { access_token: _, ...rest } = response;
    assert.deepEqual(rest, {
      token_type: 'bearer',
      expires_in: 7_200,
      scope: 'orders:read',
      created_at: now,
    });
  });

  test('takes the form of RFC 7523, each aud that is meant for the stage', async () => {
    for (const aud of [
      stage.issuer,
      `${stage.issuer}/oauth/token`,
      ['https://a.example.com', stage.issuer],
    ]) {
      const its = { iss: acting.client.id, sub: owner.id, aud, exp: now + 60, jti: randomUUID() };
      const { claims } = await acting.issued(await request(assertion(its)));
      assert.deepEqual(claims['owner'], owner);
    }
  });

  test('states nothing of an assertion but owner and custom_claim', async () => {
    const more = { [claimsName]: { owner: { ...owner, admin: true }, scope: 'admin', sub: 'root' } };
    const { claims } = await acting.issued(
      await request(assertion({ ...more, scope: 'admin', test: false, act: { sub: 'root' } })),
    );
    assert.deepEqual(claims['owner'], owner);
    assert.equal(claims['scope'], 'orders:read');
    assert.equal(claims.sub, acting.client.id);
    assert.equal(claims['test'], true);
    assert.ok(!('act' in claims) && !('custom_claim' in claims));
  });

  test('custom_claim cannot stand in for a claim of ours', async () => {
    const custom_claim = { iss: 'https://evil.example.com', owner: { type: 'Admin', id: '1' } };
    const { claims } = await acting.issued(
      await request(assertion({ [claimsName]: { owner, custom_claim } })),
    );
    assert.equal(claims.iss, stage.issuer);
    assert.deepEqual(claims['owner'], owner);
    assert.deepEqual(claims['custom_claim'], custom_claim);
  });

  const fresh: Record<string, Changes> = {
    'an iat 300 s ago by a clock that is 10 s off': { iat: now - 310 },
    'an iat 10 s ahead': { iat: now + 10 },
    'an end 300 s ahead by a clock that is 10 s off': { exp: now + 310 },
    'an end 9 s ago': { exp: now - 9 },
  };
  for (const [name, changes] of Object.entries(fresh)) {
    test(`takes ${name}`, async () => {
      const { claims } = await acting.issued(await request(assertion(changes)));
      assert.deepEqual(claims['owner'], owner);
    });
  }

  const unsigned = (alg: string) =>
    rawJws({ alg, kid: key.publicKey.kid }, { iat: now, [claimsName]: actingFor }, () => '');
  const refused: Record<string, () => string | Promise<string>> = {
    'one that is unsigned': () => unsigned('none'),
    'one that is unsigned and says ES256': () => unsigned('ES256'),
    'one of a key that is not registered': () => jwtBy(strangersKey, { iat: now, [claimsName]: actingFor }),
    'one of such a key without kid': () =>
      jwtBy(strangersKey, { iat: now, [claimsName]: actingFor }, { kid: undefined }),
    'an access token': () => assertion({}, { typ: 'at+jwt' }),
    'one without iat': () => assertion({ iat: undefined }),
    'a stale one': () => assertion({ iat: now - 311 }),
    'one of the future': () => assertion({ iat: now + 11 }),
    'one that has expired': () => assertion({ exp: now - 10 }),
    'one that lives too long': () => assertion({ exp: now + 311 }),
    'one that is not yet valid': () => assertion({ nbf: now + 11 }),
    'another iss': () => assertion({ iss: 'another' }),
    'a sub that is neither the client nor the owner': () => assertion({ sub: 'root' }),
    'another aud': () => assertion({ aud: 'https://production.example.com' }),
    'an empty list of aud': () => assertion({ aud: [] }),
    'none of the claims': () => assertion({ [claimsName]: undefined }),
    'no owner': () => assertion({ [claimsName]: { custom_claim: {} } }),
    'an owner without id': () => assertion({ [claimsName]: { owner: { type: 'Customer' } } }),
    'an owner with an empty id': () => assertion({ [claimsName]: { owner: { type: 'Customer', id: '' } } }),
    'an owner without type': () => assertion({ [claimsName]: { owner: { id: '1' } } }),
    'an owner that is a text': () => assertion({ [claimsName]: { owner: 'Customer 1' } }),
    'a custom_claim that is no object': () => assertion({ [claimsName]: { owner, custom_claim: 'vip' } }),
    'one over 4 KB': () => assertion({ [claimsName]: { owner, custom_claim: { a: 'x'.repeat(4_096) } } }),
    garbage: () => 'garbage',
  };
  for (const [name, make] of Object.entries(refused)) {
    test(`refuses ${name}`, async () => {
      assert.equal((await acting.refused(await request(make()))).code, 'invalid_grant');
    });
  }

  test('needs an assertion', async () => {
    assert.equal((await acting.refused({ grant_type: jwtBearer })).code, 'invalid_request');
  });

  test('an assertion is used once, with a jti and without', async () => {
    for (const changes of [{}, { jti: randomUUID() }]) {
      const parameters = await request(assertion(changes));
      await acting.issued(parameters);
      const { code, reason } = await acting.refused(parameters);
      assert.deepEqual([code, reason], ['invalid_grant', 'assertion_replayed']);
    }
  });

  test('of many requests at the same time exactly one wins', async () => {
    const parameters = await request(assertion());
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        requestToken({ authorization: acting.authorization, parameters }, stage.tokens),
      ),
    );
    assert.equal(answers.filter(({ ok }) => ok).length, 1);
  });

  test('is remembered for as long as it is fresh', async () => {
    const moving = await memoryStage();
    const its = await partner({ grants: [jwtBearer], keys: [key.publicKey] }, moving);
    const parameters = await request(assertion({ iat: now + 10 }));
    await its.issued(parameters);
    for (moving.time.now = now + 315; moving.time.now <= now + 325; moving.time.now += 1) {
      assert.equal((await its.refused(parameters)).code, 'invalid_grant', `at ${moving.time.now - now} s`);
    }
  });

  test('a jti that is no text cannot make the server fail', async () => {
    const odd = request(assertion({ jti: { toString: 1, valueOf: 1 } }));
    assert.equal((await acting.refused(await odd)).code, 'invalid_grant');
  });

  test('a request that fails for another reason does not use the assertion up', async () => {
    const given = await assertion();
    assert.equal((await acting.refused(await request(given, { scope: 'admin' }))).code, 'invalid_scope');
    assert.equal((await acting.refused(await request(given, { audience: stock }))).code, 'invalid_target');
    await acting.issued(await request(given));
  });

  test('is only for clients that it was registered for', async () => {
    const plain = await partner({ keys: [key.publicKey] });
    assert.equal((await plain.refused(await request(assertion()))).code, 'unauthorized_client');
  });

  test('a store that cannot tell gives no token', async () => {
    const replays = { firstUse: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))) };
    const context = { ...stage.tokens, replays };
    await assert.rejects(acting.issued(await request(assertion()), { context }), Unavailable);
  });
});

describe('token exchange', async () => {
  const frontend = await partner({ audiences: [stock] });
  const backend = await partner({ grants: [tokenExchange], audiences: [stock] });
  const third = await partner({ grants: [tokenExchange], audiences: [stock] });

  async function subjectToken(from: Partner = frontend, scope = 'orders:read orders:create') {
    return (await from.issued({ grant_type: clientCredentials, scope })).response.access_token;
  }
  const exchange = (subject_token: string, more: TokenParameters = {}): TokenParameters => ({
    grant_type: tokenExchange,
    subject_token,
    subject_token_type: accessTokenType,
    ...more,
  });

  test('gives a token of the same subject to who asks, with issued_token_type', async () => {
    const { response, claims } = await backend.issued(exchange(await subjectToken()));
    const { access_token: _, ...rest } = response;
    assert.deepEqual(rest, {
      token_type: 'bearer',
      expires_in: 7_200,
      scope: 'orders:read orders:create',
      created_at: now,
      issued_token_type: accessTokenType,
    });
    assert.equal(claims.sub, frontend.client.id);
    assert.equal(claims['client_id'], backend.client.id);
    assert.deepEqual(claims['act'], { sub: backend.client.id });
  });

  test('other grants do not answer with issued_token_type', async () => {
    const { response } = await frontend.issued({ grant_type: clientCredentials, scope: 'orders:read' });
    assert.ok(!('issued_token_type' in response));
  });

  test('narrows the scope, and never widens it', async () => {
    const token = await subjectToken();
    const { response, claims } = await backend.issued(exchange(token, { scope: 'orders:read' }));
    assert.deepEqual([response.scope, claims['scope']], ['orders:read', 'orders:read']);
    for (const scope of [
      'orders:read admin',
      'orders:*',
      'orders',
      'orders:read  orders:create',
      ' orders:read',
    ]) {
      assert.equal((await backend.refused(exchange(token, { scope }))).code, 'invalid_scope', scope);
    }
    // Not even by what the client itself may ask for.
    const narrow = await subjectToken(frontend, 'orders:read');
    const wider = exchange(narrow, { scope: 'orders:create' });
    assert.equal((await backend.refused(wider)).code, 'invalid_scope');
  });

  test('is for the audience that it names, among those of who asks', async () => {
    const token = await subjectToken();
    for (const more of [{ audience: stock }, { resource: stock }, { audience: stock, resource: stock }]) {
      assert.equal((await backend.issued(exchange(token, more))).claims.aud, stock);
    }
    assert.equal((await backend.issued(exchange(token))).claims.aud, stage.issuer);
    const other = exchange(token, { audience: 'https://other.example.com' });
    assert.equal((await backend.refused(other)).code, 'invalid_target');
  });

  test('a token for one service does not become one for the stage, or for another service', async () => {
    const { response } = await frontend.issued({
      grant_type: clientCredentials,
      scope: 'orders:read',
      resource: stock,
    });
    const plain = await partner({ grants: [tokenExchange] });
    assert.equal((await plain.issued(exchange(response.access_token))).claims.aud, stock);
    const widened = exchange(response.access_token, { audience: stage.issuer });
    assert.equal((await plain.refused(widened)).code, 'invalid_target');
  });

  test('gives nobody a scope that it is not registered for', async () => {
    const other = await partner({ grants: [tokenExchange], scopes: ['x:y'] });
    assert.equal((await other.refused(exchange(await subjectToken()))).code, 'invalid_scope');
  });

  test('is not for public clients, whose id anyone knows', async () => {
    const channel = await partner({ kind: 'sales_channel', grants: [tokenExchange] });
    const { client } = channel;
    const parameters = { ...exchange(await subjectToken()), client_id: client.id };
    const refused = await requestToken({ authorization: undefined, parameters }, stage.tokens);
    assert.ok(!refused.ok);
    assert.equal(refused.error.code, 'unauthorized_client');
  });

  test('what ends any token of the chain ends the one that came of it', async () => {
    const live = async (token: string) => (await verifyToken(token, stage.verification)).ok;
    const chain = async () => {
      const from = await partner();
      const subject = await subjectToken(from, 'orders:read');
      const second = (await backend.issued(exchange(subject))).response.access_token;
      const last = (await third.issued(exchange(second))).response.access_token;
      assert.ok(await live(last));
      return { from, subject, second, last };
    };
    for (const which of ['subject', 'second'] as const) {
      const tokens = await chain();
      await stage.verification.revocations.revokeJwt(String(decodeJwt(tokens[which]).jti), now + 9_999);
      assert.ok(!(await live(tokens.last)), `${which} was revoked`);
    }
    const tokens = await chain();
    await stage.clients.replace({ ...tokens.from.client, status: 'disabled' });
    assert.ok(!(await live(tokens.last)), 'the first client was disabled');
  });

  test('is refused where the new token would have to begin after the subject token has run out', async () => {
    const token = await subjectToken();
    const late = await partner({ grants: [tokenExchange] });
    await stage.clients.replace({ ...late.client, tokensValidAfter: now + 7_200 });
    assert.equal((await late.refused(exchange(token))).code, 'invalid_request');
  });

  test('goes from service to service four times at most', async () => {
    let token = await subjectToken(frontend, 'orders:read');
    for (let hop = 0; hop < 4; hop += 1)
      token = (await backend.issued(exchange(token))).response.access_token;
    assert.equal((await backend.refused(exchange(token))).code, 'invalid_request');
  });

  test('a chain says each of those that act, the last one first', async () => {
    const first = (await backend.issued(exchange(await subjectToken()))).response.access_token;
    const { claims } = await third.issued(exchange(first));
    assert.equal(claims.sub, frontend.client.id);
    assert.deepEqual(claims['act'], { sub: third.client.id, act: { sub: backend.client.id } });
  });

  test('who exchanges its own token again is still said to act', async () => {
    const first = (await backend.issued(exchange(await subjectToken()))).response.access_token;
    const { claims } = await backend.issued(exchange(first, { scope: 'orders:read' }));
    assert.equal(claims.sub, frontend.client.id);
    assert.deepEqual(claims['act'], { sub: backend.client.id });
  });

  test('who exchanges a token of its own acts for nobody', async () => {
    const own = await partner({ grants: [clientCredentials, tokenExchange] });
    const { claims } = await own.issued(exchange(await subjectToken(own)));
    assert.equal(claims.sub, own.client.id);
    assert.ok(!('act' in claims));
  });

  test('keeps the owner whom the subject token is of', async () => {
    const key = await partnerKey();
    const acting = await partner({ grants: [jwtBearer], keys: [key.publicKey] });
    const owner = { type: 'Customer', id: 'c1' };
    const assertion = await jwtBy(key, { iat: now, [claimsName]: { owner, custom_claim: { a: 1 } } });
    const { response } = await acting.issued({ grant_type: jwtBearer, assertion, scope: 'orders:read' });
    const { claims } = await backend.issued(exchange(response.access_token));
    assert.deepEqual(claims['owner'], owner);
    assert.deepEqual(claims['custom_claim'], { a: 1 });
  });

  test('never lives longer than the subject token', async () => {
    const moving = await memoryStage();
    const from = await partner({ tokenLifetime: 600 }, moving);
    const to = await partner({ grants: [tokenExchange] }, moving);
    const { response, claims: held } = await from.issued({
      grant_type: clientCredentials,
      scope: 'orders:read',
    });
    moving.time.now += 100;
    const exchanged = await to.issued(exchange(response.access_token));
    assert.equal(exchanged.response.expires_in, 500);
    assert.equal(exchanged.claims.exp, held.exp);
  });

  test('nor longer than the client may have it', async () => {
    const short = await partner({ grants: [tokenExchange], tokenLifetime: 60 });
    assert.equal((await short.issued(exchange(await subjectToken()))).response.expires_in, 60);
  });

  test('a bound subject token needs a proof of the same key', async () => {
    const key = await partnerKey();
    const dpop = await proofOf(key);
    const { response } = await frontend.issued(
      { grant_type: clientCredentials, scope: 'orders:read' },
      { dpop },
    );
    const parameters = exchange(response.access_token);
    const unproven = await backend.refused(parameters);
    assert.equal(unproven.code, 'invalid_request');
    const other = await backend.refused(parameters, { dpop: await proofOf(await partnerKey()) });
    assert.equal(other.code, 'invalid_request');
    const { response: exchanged, claims } = await backend.issued(parameters, { dpop: await proofOf(key) });
    assert.equal(exchanged.token_type, 'DPoP');
    assert.deepEqual(claims['cnf'], { jkt: await thumbprint(key) });
  });

  test('refuses a subject token that is no live one of this stage', async () => {
    const moving = await memoryStage();
    const to = await partner({ grants: [tokenExchange] }, moving);
    const expired = await subjectToken(await partner({ tokenLifetime: 60 }, moving), 'orders:read');
    const revoked = await subjectToken(await partner({}, moving), 'orders:read');
    const leaving = await partner({}, moving);
    const ofDisabled = await subjectToken(leaving, 'orders:read');
    moving.time.now += 60;
    await moving.verification.revocations.revokeJwt(String(decodeJwt(revoked).jti), Infinity);
    await moving.clients.replace({ ...leaving.client, status: 'disabled' });
    const production = await memoryStage('production');
    const account = await moving.account();
    const sessionKey = await moving.register({ account });
    const session = await openSession(
      basic(sessionKey.client.id, sessionKey.secret ?? ''),
      { grant_type: 'session', expires_in: undefined },
      moving,
    );
    assert.ok(session.ok);

    const bad: Record<string, string> = {
      expired,
      revoked,
      'of a disabled client': ofDisabled,
      'of another stage': await subjectToken(await partner({}, production), 'orders:read'),
      'a session': session.value.response.ust,
      'not a token': 'a.b.c',
      'with another signature': `${(await subjectToken(await partner({}, moving))).slice(0, -8)}AAAAAAAA`,
    };
    for (const [name, token] of Object.entries(bad)) {
      const { code, description } = await to.refused(exchange(token));
      assert.equal(code, 'invalid_request', name);
      assert.ok(!description.includes(token), name);
    }
  });

  test('refuses what it does not support, by the name of the parameter', async () => {
    const token = await subjectToken();
    const idToken = 'urn:ietf:params:oauth:token-type:id_token';
    const { subject_token: _, ...noSubject } = exchange(token);
    const { subject_token_type: __, ...noType } = exchange(token);
    const cases: [RegExp, TokenParameters][] = [
      [/^subject_token is missing/, noSubject],
      [/^subject_token_type /, noType],
      [/^subject_token_type /, exchange(token, { subject_token_type: idToken })],
      [/^requested_token_type /, exchange(token, { requested_token_type: idToken })],
      [/^actor_token /, exchange(token, { actor_token: token })],
    ];
    for (const [description, parameters] of cases) {
      const error = await backend.refused(parameters);
      assert.equal(error.code, 'invalid_request');
      assert.match(error.description, description);
    }
  });

  test('is only for clients that it was registered for', async () => {
    assert.equal((await frontend.refused(exchange(await subjectToken()))).code, 'unauthorized_client');
  });

  test('a store that cannot tell gives no token', async () => {
    const context = {
      ...stage.tokens,
      verifyToken: () => Promise.reject(new Unavailable('DynamoDB', new Error('down'))),
    };
    await assert.rejects(backend.issued(exchange(await subjectToken()), { context }), Unavailable);
  });
});

describe('resource and audience', async () => {
  const asking = await partner({ audiences: [stock, 'urn:orders'] });
  const request = (more: TokenParameters): TokenParameters => ({
    grant_type: clientCredentials,
    scope: 'orders:read',
    ...more,
  });

  test('resource makes the token for one audience of those that the client may have', async () => {
    const cases: [string, TokenParameters][] = [
      [stage.issuer, {}],
      [stage.issuer, { resource: stage.issuer }],
      [stock, { resource: stock }],
      ['urn:orders', { resource: 'urn:orders' }],
    ];
    for (const [aud, more] of cases) assert.equal((await asking.issued(request(more))).claims.aud, aud);
  });

  test('refuses every other resource', async () => {
    for (const resource of [`${stock}/`, stock.toUpperCase(), 'https://other.example.com', 'stock']) {
      assert.equal((await asking.refused(request({ resource }))).code, 'invalid_target', resource);
    }
    const plain = await partner();
    assert.equal((await plain.refused(request({ resource: stock }))).code, 'invalid_target');
  });

  test('audience is no parameter of client credentials: unknown ones are ignored', async () => {
    const { claims } = await asking.issued(request({ audience: 'https://other.example.com' }));
    assert.equal(claims.aud, stage.issuer);
  });

  test('refuses resource and audience that differ, where both are parameters', async () => {
    const to = await partner({ grants: [tokenExchange], audiences: [stock, 'urn:orders'] });
    const { response } = await asking.issued(request({}));
    const error = await to.refused({
      grant_type: tokenExchange,
      subject_token: response.access_token,
      subject_token_type: accessTokenType,
      resource: stock,
      audience: 'urn:orders',
    });
    assert.equal(error.code, 'invalid_target');
  });
});

describe('required scopes', () => {
  const scopes = ['market:id:*', 'orders:read'];
  const request = (scope?: string): TokenParameters => ({
    grant_type: clientCredentials,
    ...(scope !== undefined && { scope }),
  });
  /** A stage that demands a market of one kind of client. */
  const demanding = (kind: ClientKind): TokenEndpointContext => {
    const { issuer } = stage.tokens;
    const requiredScopes = { integration: [], sales_channel: [], [kind]: ['market:*'] };
    return { ...stage.tokens, issuer: { ...issuer, policy: { ...issuer.policy, requiredScopes } } };
  };

  test('of a client: each pattern must have a match', async () => {
    const both = await partner({ scopes, requiredScopes: ['market:*', 'orders:read'] });
    await both.issued(request('orders:read market:id:a'));
    for (const scope of ['orders:read', 'market:id:a']) {
      assert.equal((await both.refused(request(scope))).code, 'invalid_scope', scope);
    }
  });

  test('default scopes are held to them too', async () => {
    const careless = await partner({
      scopes,
      defaultScopes: ['orders:read'],
      requiredScopes: ['market:*'],
    });
    assert.equal((await careless.refused(request())).code, 'invalid_scope');
  });

  test('of the stage: for the kind that it names, and no other', async () => {
    const channel = await partner({ kind: 'sales_channel', scopes });
    const integration = await partner({ scopes });
    const context = demanding('sales_channel');
    assert.equal((await channel.refused(request('orders:read'), { context })).code, 'invalid_scope');
    await channel.issued(request('market:id:a orders:read'), { context });
    await integration.issued(request('orders:read'), { context });
    await channel.issued(request('orders:read'), { context: demanding('integration') });
  });

  test('hold for jwt-bearer and token exchange as well', async () => {
    const key = await partnerKey();
    const its = await partner({
      scopes,
      grants: [clientCredentials, jwtBearer, tokenExchange],
      keys: [key.publicKey],
      requiredScopes: ['market:*'],
    });
    const assertion = await jwtBy(key, { iat: now, [claimsName]: { owner: { type: 'Customer', id: '1' } } });
    const bearer = { grant_type: jwtBearer, assertion, scope: 'orders:read' };
    assert.equal((await its.refused(bearer)).code, 'invalid_scope');
    const { response } = await its.issued(request('market:id:a orders:read'));
    const exchange = {
      grant_type: tokenExchange,
      subject_token: response.access_token,
      subject_token_type: accessTokenType,
    };
    await its.issued({ ...exchange, scope: 'market:id:a' });
    assert.equal((await its.refused({ ...exchange, scope: 'orders:read' })).code, 'invalid_scope');
  });
});

describe('lifetimes', () => {
  const cases: [string, Partial<ClientRegistration>, number][] = [
    ['an integration has that of its kind', {}, 7_200],
    ['a sales channel has that of its kind', { kind: 'sales_channel' }, 14_400],
    ['a client may have its own, shorter', { tokenLifetime: 60 }, 60],
    ['or longer', { tokenLifetime: 10_000 }, 10_000],
    ['up to the maximum of the stage', { tokenLifetime: 14_401 }, 14_400],
    ['whatever it was given', { tokenLifetime: Number.MAX_SAFE_INTEGER }, 14_400],
  ];
  for (const [name, registration, expected] of cases) {
    test(name, async () => {
      const { response, claims } = await (
        await partner(registration)
      ).issued({
        grant_type: clientCredentials,
        scope: 'orders:read',
      });
      assert.equal(response.expires_in, expected);
      assert.equal(claims.exp, now + expected);
    });
  }

  test('the maximum of the stage holds for its own lifetimes too', async () => {
    const { issuer } = stage.tokens;
    const policy = { ...issuer.policy, maximumAccessTokenLifetime: 300 };
    const context = { ...stage.tokens, issuer: { ...issuer, policy } };
    const { response } = await (
      await partner()
    ).issued({ grant_type: clientCredentials, scope: 'orders:read' }, { context });
    assert.equal(response.expires_in, 300);
  });
});

describe('DPoP', async () => {
  const request: TokenParameters = { grant_type: clientCredentials, scope: 'orders:read' };
  const key = await partnerKey();
  const bound = await partner({ dpopBoundAccessTokens: true });
  const free = await partner();

  test('binds a token to the key of the proof, of who must and of who may', async () => {
    for (const client of [bound, free]) {
      const { response, claims } = await client.issued(request, { dpop: await proofOf(key) });
      assert.equal(response.token_type, 'DPoP');
      assert.deepEqual(claims['cnf'], { jkt: await thumbprint(key) });
    }
  });

  test('a token without a proof is a bearer token', async () => {
    const { response, claims } = await free.issued(request);
    assert.equal(response.token_type, 'bearer');
    assert.ok(!('cnf' in claims));
  });

  test('who must bind its tokens gets none without a proof', async () => {
    assert.equal((await bound.refused(request)).code, 'invalid_dpop_proof');
    assert.equal((await bound.refused(request, { dpop: '' })).code, 'invalid_dpop_proof');
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
    assert.equal((await bound.refused(request, { dpop })).code, 'invalid_dpop_proof');
  });

  test('a nonce is demanded where the stage wants one, and taken', async () => {
    const context = { ...stage.tokens, nonceKey: stage.nonceKey };
    const { code, dpopNonce } = await bound.refused(request, { context, dpop: await proofOf(key) });
    assert.equal(code, 'use_dpop_nonce');
    assert.ok(dpopNonce);
    const { response } = await bound.issued(request, {
      context,
      dpop: await proofOf(key, { nonce: dpopNonce }),
    });
    assert.equal(response.token_type, 'DPoP');
  });
});
