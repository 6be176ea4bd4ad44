import assert from 'node:assert/strict';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as oauth from 'oauth4webapi';
import { partnerKey } from '../oauth/client-keys.ts';
import { operatorJson } from './operator.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

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

const requestJwt = (client: Credentials) =>
  postForm(`${sandbox.url}/oauth/token`, { grant_type: 'client_credentials', ...inBody(client) });

async function jwtHolder(client: Credentials = acme): Promise<Holder> {
  const { status, body } = await requestJwt(client);
  expect(status).toBe(200);
  return { ...client, token: String(body['access_token']) };
}

async function sessionHolder(client: Credentials = sandbox.sessionKey): Promise<Holder> {
  const authorization = basic(client.clientId, client.clientSecret);
  const session = { grant_type: 'session', expires_in: 7_200 };
  const { status, body } = await postJson(`${sandbox.url}/rest/v1/app/session/token`, session, {
    authorization,
  });
  expect(status).toBe(200);
  return { clientId: client.clientId, clientSecret: client.clientSecret, token: String(body['ust']) };
}

/** Expects the Lambda authorizer and introspection to agree that a token is active. */
async function expectActive({ token }: Holder) {
  const { status } = await call(profile, { headers: bearer(token) });
  expect([200, 403]).toContain(status);
  const introspected = await postForm(introspection, { token, ...inBody(resourceServer) });
  expect(introspected.status).toBe(200);
  expect(introspected.body['active']).toBe(true);
}

/** Expects the Lambda authorizer and introspection to agree that a token is not active. */
async function expectInactive({ token }: Holder) {
  expect((await call(profile, { headers: bearer(token) })).status).toBe(401);
  const introspected = await postForm(introspection, { token, ...inBody(resourceServer) });
  expect([introspected.status, introspected.text]).toStrictEqual([200, '{"active":false}']);
}

const formats = [
  ['a form', postForm],
  ['JSON', postJson],
] as const;

describe.each([
  ['JWT', jwtHolder],
  ['session token', sessionHolder],
] as const)('revocation endpoint, %s', (_kind, hold) => {
  test.each(formats)('revokes the token at once with %s, and no other token', async (_format, post) => {
    const holder = await hold();
    const bystander = await hold();
    await expectActive(holder);
    const authorization = basic(holder.clientId, holder.clientSecret);
    const revoked = await post(revocation, { token: holder.token }, { authorization });
    expect([revoked.status, revoked.text]).toStrictEqual([200, '{}']);
    expect(revoked.headers.get('cache-control')).toBe('no-store');
    await expectInactive(holder);
    await expectActive(bystander);
  });

  test.each(formats)(
    'refuses to revoke the token of another client with %s, as Commerce Layer does',
    async (_format, post) => {
      const holder = await hold();
      const { status, body } = await post(revocation, { ...inBody(other), token: holder.token });
      expect(status).toBe(403);
      expect(body).toStrictEqual({
        error: 'unauthorized_client',
        error_description: 'You are not authorized to revoke this token',
      });
      await expectActive(holder);
    },
  );

  test('revokes nothing for a client that is not authenticated', async () => {
    const holder = await hold();
    const wrong = { client_id: acme.clientId, client_secret: 'wrong' };
    const { status, body } = await postForm(revocation, { ...wrong, token: holder.token });
    expect([status, body['error']]).toStrictEqual([401, 'invalid_client']);
    await expectActive(holder);
  });
});

describe('revocation endpoint, unknown token', () => {
  const { clientId, clientSecret } = production.integration;
  let ofProduction = '';
  beforeAll(async () => {
    const { body } = await postForm(`${production.url}/oauth/token`, {
      grant_type: 'client_credentials',
      ...inBody({ clientId, clientSecret }),
      scope: 'marketplace.order:read',
    });
    ofProduction = String(body['access_token']);
    expect(ofProduction).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  describe.each([
    ['a token of production', () => ofProduction],
    ['one character', () => 'x'],
    ['the form of a JWT', () => 'a.b.c'],
    ['the form of a session token', () => `${'A'.repeat(32)}.${'A'.repeat(12)}`],
    ['a string that is not ASCII', () => 'ä'.repeat(100)],
  ])('%s', (_name, token) => {
    test.each(formats)('is 200 with an empty object, sent as %s', async (_format, post) => {
      const { status, text } = await post(revocation, {
        ...inBody(acme),
        token: token(),
        token_type_hint: 'nonsense',
      });
      expect([status, text]).toStrictEqual([200, '{}']);
    });
  });
});

describe('revocation endpoint, parameters', () => {
  test.each<[string, (token: string) => Promise<JsonResponse>]>([
    ['a request without a token', () => postForm(revocation, inBody(acme))],
    ['a token in the query', (token) => postForm(`${revocation}?token=${token}`, inBody(acme))],
    [
      'a duplicate token',
      (token) =>
        call(revocation, {
          method: 'POST',
          body: new URLSearchParams([...Object.entries(inBody(acme)), ['token', token], ['token', token]]),
        }),
    ],
  ])('refuses %s with invalid_request, and revokes nothing', async (_name, send) => {
    const holder = await jwtHolder();
    const { status, body } = await send(holder.token);
    expect([status, body['error']]).toStrictEqual([400, 'invalid_request']);
    await expectActive(holder);
  });
});

describe('introspection endpoint', () => {
  test('refuses a client that may not introspect, and reveals nothing of the token', async () => {
    const { token } = await jwtHolder();
    const { status, body } = await postForm(introspection, { token, ...inBody(acme) });
    expect(status).toBe(403);
    expect(body).toStrictEqual({
      error: 'unauthorized_client',
      error_description: 'This client may not introspect tokens.',
    });
  });
});

describe('client disable', () => {
  test('makes the tokens of the client inactive, and the client gets no other', async () => {
    const leaving = await registerPartner(sandbox, { options: defaultScope });
    const holder = await jwtHolder(leaving);
    await expectActive(holder);
    await operatorJson(sandbox, 'client', 'disable', leaving.clientId);
    await expectInactive(holder);
    const { status, body } = await requestJwt(leaving);
    expect([status, body['error']]).toStrictEqual([401, 'invalid_client']);
  });
});

describe('client revoke-tokens', () => {
  const registerSessionKey = async () => {
    const person = ['--first-name', 'Ada', '--last-name', 'Byron', '--email', 'ada@example.com'];
    const account = (await operatorJson(sandbox, 'account', 'create', ...person)) as { mageId: string };
    return registerPartner(sandbox, { options: ['--account', account.mageId] });
  };

  test.each([
    ['JWTs of an integration', () => registerPartner(sandbox, { options: defaultScope }), jwtHolder],
    ['session tokens of a session key', registerSessionKey, sessionHolder],
  ] as const)('makes the %s inactive, and new ones are active', async (_name, register, hold) => {
    const client = await register();
    const holder = await hold(client);
    await expectActive(holder);
    await operatorJson(sandbox, 'client', 'revoke-tokens', client.clientId);
    await expectInactive(holder);
    await expectActive(await hold(client));
  });

  test('does not date new JWTs ahead: they are valid in the second of the revocation', async () => {
    const client = await registerPartner(sandbox, { options: defaultScope });
    await operatorJson(sandbox, 'client', 'revoke-tokens', client.clientId);
    const { body } = await requestJwt(client);
    expect(Number(body['created_at'])).toBeLessThanOrEqual(Math.floor(Date.now() / 1000));
    expect(decodeJwt(String(body['access_token'])).nbf).toBe(body['created_at']);
    await expectActive({ ...client, token: String(body['access_token']) });
  });
});

describe('client delete and client create with the same id', () => {
  test('leaves the tokens of the deleted client inactive, and new ones are active', async () => {
    const options = [...defaultScope, '--client-id', 'created-again'];
    const old = await jwtHolder(await registerPartner(sandbox, { options }));
    await expectActive(old);
    await operatorJson(sandbox, 'client', 'delete', 'created-again', '--yes');
    const again = await registerPartner(sandbox, { options });
    await expectInactive(old);
    await expectActive(await jwtHolder(again));
  });
});

const insecure = { [oauth.allowInsecureRequests]: true };
const issuer = new URL(sandbox.issuer);
const discovery = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure });
const as = await oauth.processDiscoveryResponse(issuer, discovery);
assert.ok(!(key.privateKey instanceof Uint8Array));
const signing = oauth.PrivateKeyJwt({ key: key.privateKey, kid: key.publicKey.kid });

describe('oauth4webapi, revocation', () => {
  test('revokes a token with private_key_jwt, and accepts the response', async () => {
    const client = { client_id: keyed.clientId };
    const issued = await oauth.clientCredentialsGrantRequest(as, client, signing, {}, insecure);
    const { access_token: token } = await oauth.processClientCredentialsResponse(as, client, issued);
    const holder = { ...keyed, token };
    await expectActive(holder);
    const response = await oauth.revocationRequest(as, client, signing, token, {
      ...insecure,
      additionalParameters: { token_type_hint: 'access_token' },
    });
    await oauth.processRevocationResponse(response);
    await expectInactive(holder);
  });
});

describe.each<[string, oauth.Client, oauth.ClientAuth]>([
  [
    'client_secret_basic',
    { client_id: resourceServer.clientId },
    oauth.ClientSecretBasic(resourceServer.clientSecret),
  ],
  ['private_key_jwt', { client_id: keyed.clientId }, signing],
])('oauth4webapi, introspection with %s', (_method, client, authentication) => {
  describe.each([
    ['JSON', false, 'application/json'],
    ['a signed JWT', true, 'application/token-introspection+jwt'],
  ] as const)('response as %s', (_format, requestJwtResponse, contentType) => {
    const introspect = async (token: string) => {
      const response = await oauth.introspectionRequest(as, client, authentication, token, {
        requestJwtResponse,
        ...insecure,
      });
      expect(response.headers.get('content-type')).toBe(contentType);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const claims = await oauth.processIntrospectionResponse(as, client, response);
      if (requestJwtResponse) await oauth.validateApplicationLevelSignature(as, response, insecure);
      return claims;
    };

    test('has the claims of an active token', async () => {
      const claims = await introspect((await jwtHolder()).token);
      expect(claims.active).toBe(true);
      expect(claims.client_id).toBe(acme.clientId);
      expect(claims.iss).toBe(sandbox.issuer);
    });

    test('says only that an unknown token is not active', async () => {
      expect(await introspect('unknown')).toStrictEqual({ active: false });
    });
  });
});
