import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import { partnerKey } from '../oauth/client-keys.ts';
import { postern, registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const { sandbox, production } = localStages();
const revocation = `${sandbox.url}/oauth/revoke`;
const introspection = `${sandbox.url}/oauth/introspect`;
const { mageId } = sandbox.sessionKey;
const profile = `${sandbox.url}/rest/v1/users/${mageId}`;
const defaultScope = ['--default-scope', 'orders:read'];

const key = await partnerKey('PS256');
const [acme, other, resourceServer, keyed] = await Promise.all([
  registerPartner(sandbox, { options: defaultScope }),
  registerPartner(sandbox, { options: defaultScope }),
  registerPartner(sandbox, { options: ['--introspect'] }),
  registerPartner(sandbox, { publicKey: key.publicKey, options: [...defaultScope, '--introspect'] }),
]);

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}
interface Holder extends Credentials {
  readonly token: string;
}

const inBody = ({ clientId, clientSecret }: Credentials) => ({
  client_id: clientId,
  client_secret: clientSecret,
});

const askForJwt = (client: Credentials) =>
  postForm(`${sandbox.url}/oauth/token`, { grant_type: 'client_credentials', ...inBody(client) });

async function jwtHolder(client: Credentials = acme): Promise<Holder> {
  const { status, body } = await askForJwt(client);
  assert.equal(status, 200, JSON.stringify(body));
  return { ...client, token: String(body['access_token']) };
}

async function sessionHolder(client: Credentials = sandbox.sessionKey): Promise<Holder> {
  const authorization = basic(client.clientId, client.clientSecret);
  const session = { grant_type: 'session', expires_in: 7_200 };
  const opened = await postJson(`${sandbox.url}/rest/v1/app/session/token`, session, { authorization });
  assert.equal(opened.status, 200, opened.text);
  return { clientId: client.clientId, clientSecret: client.clientSecret, token: String(opened.body['ust']) };
}

/** What the Lambda authorizer and introspection make of a token: they must agree. */
async function assertLives({ token }: Holder, lives: boolean) {
  const { status } = await call(profile, { headers: bearer(token) });
  assert.ok(lives ? status === 200 || status === 403 : status === 401, `${status} at the authorizer`);
  const asked = await postForm(introspection, { token, ...inBody(resourceServer) });
  assert.equal(asked.status, 200, asked.text);
  if (lives) expect(asked.body['active']).toBe(true);
  else expect(asked.text).toBe('{"active":false}');
}

for (const [kind, hold] of Object.entries({ JWT: jwtHolder, session: sessionHolder })) {
  describe(`a ${kind}`, () => {
    for (const [format, post] of [
      ['a form', postForm],
      ['JSON', postJson],
    ] as const) {
      test(`is over at once when it is revoked with ${format}, and no other token is`, async () => {
        const holder = await hold();
        const bystander = await hold();
        await assertLives(holder, true);
        const authorization = basic(holder.clientId, holder.clientSecret);
        const revoked = await post(revocation, { token: holder.token }, { authorization });
        expect([revoked.status, revoked.text]).toStrictEqual([200, '{}']);
        expect(revoked.headers.get('cache-control')).toBe('no-store');
        await assertLives(holder, false);
        await assertLives(bystander, true);
      });
    }

    test.each([
      ['a form', postForm],
      ['JSON', postJson],
    ] as const)(
      'of another client is 403, as Commerce Layer has it, and stays, when revoked with %s',
      async (_name, post) => {
        const holder = await hold();

        const { status, body } = await post(revocation, { ...inBody(other), token: holder.token });
        expect(status).toBe(403);
        expect(body).toStrictEqual({
          error: 'unauthorized_client',
          error_description: 'You are not authorized to revoke this token',
        });

        await assertLives(holder, true);
      },
    );

    test('stays where the client does not authenticate', async () => {
      const holder = await hold();
      const wrong = { client_id: acme.clientId, client_secret: 'wrong' };
      const { status, body } = await postForm(revocation, { ...wrong, token: holder.token });
      expect([status, body['error']]).toStrictEqual([401, 'invalid_client']);
      await assertLives(holder, true);
    });
  });
}

test('a token that is unknown, or of the other stage, is 200 with an empty object', async () => {
  const { clientId, clientSecret } = production.integration;
  const elsewhere = await postForm(`${production.url}/oauth/token`, {
    grant_type: 'client_credentials',
    ...inBody({ clientId, clientSecret }),
    scope: 'marketplace.order:read',
  });
  const ofProduction = String(elsewhere.body['access_token']);
  expect(ofProduction).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  const madeUp = ['x', 'a.b.c', `${'A'.repeat(32)}.${'A'.repeat(12)}`, 'ä'.repeat(100)];
  for (const token of [ofProduction, ...madeUp]) {
    for (const post of [postForm, postJson]) {
      const { status, text } = await post(revocation, {
        ...inBody(acme),
        token,
        token_type_hint: 'nonsense',
      });
      expect([status, text]).toStrictEqual([200, '{}']);
    }
  }
});

test('a token is needed, once, and not in the query', async () => {
  const { token } = await jwtHolder();
  const answers = [
    await postForm(revocation, inBody(acme)),
    await postForm(`${revocation}?token=${token}`, inBody(acme)),
    await call(revocation, {
      method: 'POST',
      body: new URLSearchParams([...Object.entries(inBody(acme)), ['token', token], ['token', token]]),
    }),
  ];
  for (const { status, body } of answers) {
    expect([status, body['error']]).toStrictEqual([400, 'invalid_request']);
  }
  await assertLives({ ...acme, token }, true);
});

test('who may not introspect is told so, and learns nothing of the token', async () => {
  const { token } = await jwtHolder();
  const { status, body } = await postForm(introspection, { token, ...inBody(acme) });
  expect(status).toBe(403);
  expect(body).toStrictEqual({
    error: 'unauthorized_client',
    error_description: 'This client may not introspect tokens.',
  });
});

describe('an operator', () => {
  test('who disables a client ends its tokens, and it gets no other', async () => {
    const leaving = await registerPartner(sandbox, { options: defaultScope });
    const holder = await jwtHolder(leaving);
    await assertLives(holder, true);
    await postern(sandbox, 'client', 'disable', leaving.clientId);
    await assertLives(holder, false);
    const { status, body } = await askForJwt(leaving);
    expect([status, body['error']]).toStrictEqual([401, 'invalid_client']);
  });

  test('who revokes the tokens of a client ends those that it has, and it gets others', async () => {
    const person = ['--first-name', 'Ada', '--last-name', 'Byron', '--email', 'ada@example.com'];
    const account = (await postern(sandbox, 'account', 'create', ...person)) as { mageId: string };
    const [integration, sessionKey] = await Promise.all([
      registerPartner(sandbox, { options: defaultScope }),
      registerPartner(sandbox, { options: ['--account', account.mageId] }),
    ]);
    for (const [client, hold] of [
      [integration, jwtHolder],
      [sessionKey, sessionHolder],
    ] as const) {
      const holder = await hold(client);
      await assertLives(holder, true);
      await postern(sandbox, 'client', 'revoke-tokens', client.clientId);
      await assertLives(holder, false);
      await assertLives(await hold(client), true);
    }
  });
});

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(sandbox.issuer);
const discovery = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
const as = await oauth.processDiscoveryResponse(issuer, discovery);
assert.ok(!(key.privateKey instanceof Uint8Array));
const signing = oauth.PrivateKeyJwt({ key: key.privateKey, kid: key.publicKey.kid });

describe('oauth4webapi', () => {
  const callers: [string, oauth.Client, oauth.ClientAuth][] = [
    [
      'a secret',
      { client_id: resourceServer.clientId },
      oauth.ClientSecretBasic(resourceServer.clientSecret),
    ],
    ['a key', { client_id: keyed.clientId }, signing],
  ];

  test('revokes a token with its method, and reads the answer', async () => {
    const client = { client_id: keyed.clientId };
    const issued = await oauth.clientCredentialsGrantRequest(as, client, signing, {}, insecure);
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, issued);
    const holder = { ...keyed, token };
    await assertLives(holder, true);
    const response = await oauth.revocationRequest(as, client, signing, token, {
      ...insecure,
      additionalParameters: { token_type_hint: 'access_token' },
    });
    await oauth.processRevocationResponse(response);
    await assertLives(holder, false);
  });

  for (const [name, client, authentication] of callers) {
    test.each([false, true])(
      `introspects with ${name}, as JSON and as a signed JWT: %j`,
      async (requestJwtResponse) => {
        const { token } = await jwtHolder();

        const introspect = async (asked: string) => {
          const response = await oauth.introspectionRequest(as, client, authentication, asked, {
            requestJwtResponse,
            ...insecure,
          });
          expect(response.headers.get('content-type')).toBe(
            requestJwtResponse ? 'application/token-introspection+jwt' : 'application/json',
          );
          expect(response.headers.get('cache-control')).toBe('no-store');
          const claims = await oauth.processIntrospectionResponse(as, client, response);
          if (requestJwtResponse) await oauth.validateApplicationLevelSignature(as, response, insecure);
          return claims;
        };
        const active = await introspect(token);
        expect(active.active).toBe(true);
        expect(active.client_id).toBe(acme.clientId);
        expect(active.iss).toBe(sandbox.issuer);
        expect(await introspect('unknown')).toStrictEqual({ active: false });
      },
    );
  }
});
