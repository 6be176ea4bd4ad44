import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  authenticate,
  createAssertion,
  getCoreApiBaseEndpoint,
  jwtDecode,
  jwtIsIntegration,
  jwtIsSalesChannel,
  jwtVerify,
  makeIntegration,
  makeSalesChannel,
  revoke,
} from '@commercelayer/js-auth';
import type { Storage } from '@commercelayer/js-auth';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import * as oauth from 'oauth4webapi';
import * as v from 'valibot';
import type { ClientKey } from '../../src/clients/client.ts';
import { dpopProof, jwtBy, partnerKey, rawJws } from '../oauth/client-keys.ts';
import { operatorJson } from './operator.ts';
import { localStages } from './stages.ts';
import { bearer, call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

const commercelayer = localStages().commercelayer ?? assert.fail();
const { url, issuer, clients } = commercelayer;
const endpoint = `${url}/oauth/token`;
const grant_type = 'client_credentials';
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const claimsName = 'https://commercelayer.io/claims';
const demoChannel = clients.find(({ kind }) => kind === 'sales_channel') ?? assert.fail();
const demoIntegration =
  clients.find(({ defaultScopes }) => defaultScopes.includes('market:all')) ?? assert.fail();
const { clientId: client_id, clientSecret: client_secret = '' } = demoIntegration;

// Commerce Layer's clients call the host of the issuer. Its requests go to the stage on this machine, as its entry in the
// DNS and the domain of API Gateway would send them; the path stays as it is.
const called: string[] = [];
const realFetch = globalThis.fetch;
const { origin } = new URL(issuer);
const toThisMachine: typeof fetch = (input, init) => {
  const target = input instanceof Request ? input.url : String(input);
  called.push(target);
  return realFetch(target.startsWith(origin) ? url + target.slice(origin.length) : target, init);
};
jest.spyOn(globalThis, 'fetch').mockImplementation(toThisMachine);
afterAll(() => void jest.restoreAllMocks());
/** js-auth calls `https://auth.` followed by this. */
const domain = issuer.slice('https://auth.'.length);

const Registered = v.object({ clientId: v.string(), clientSecret: v.optional(v.string(), '') });

/** Registers a client with the command line, as an operator does. */
async function register(...options: string[]) {
  const created = await operatorJson(commercelayer, 'client', 'create', '--name', 'Partner', ...options);
  return v.parse(Registered, created);
}

async function registerWithKey(publicKey: ClientKey, ...options: string[]) {
  const folder = await mkdtemp(join(tmpdir(), 'postern-partner-'));
  try {
    const file = join(folder, 'key.json');
    await writeFile(file, JSON.stringify(publicKey));
    return await register('--public-key', file, ...options);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const grants = ['--grant', 'client_credentials', '--grant', 'jwt-bearer'];
const markets = ['--scope', 'market:*', '--scope', 'store:*', '--default-scope', 'market:all'];
const kinds = {
  sales_channel: await register('--kind', 'sales_channel', '--with-secret', ...markets, ...grants),
  integration: await register(...markets, ...grants),
};
const channel = kinds.sales_channel;
const integration = kinds.integration;

const organization = {
  id: 'WXlEOFrjnr',
  slug: 'the-blue-brand',
  enterprise: true,
  region: 'eu-west-1',
};
const responseMembers = ['accessToken', 'createdAt', 'expires', 'expiresIn', 'scope', 'tokenType'];

/** The status of a call to a route that refuses revoked tokens, with the token of a client that has no account. */
const callStatus = async (token: string) =>
  (await call(`${url}/rest/v1/users/MAG1`, { headers: bearer(token) })).status;

describe('authenticate of js-auth, client_credentials', () => {
  test('gets the error of an unknown client, in the words of Commerce Layer', async () => {
    const response = await authenticate(grant_type, { clientId: 'unknown', domain, scope: 'market:id:x' });
    expect(response.errors).toStrictEqual([
      {
        title: 'invalid_client',
        detail:
          'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
        code: 'UNAUTHORIZED',
        status: 401,
        meta: {},
      },
    ]);
    expect(response).not.toHaveProperty('accessToken');
  });

  test.each(['market:id:xYZkjABcde', 'market:code:usa', 'store:id:BGzAhqBPmz'])(
    'gets a token for a sales channel and the scope %s',
    async (scope) => {
      const { clientId } = channel;
      const response = await authenticate(grant_type, { clientId, domain, scope });
      expect(Object.keys(response).toSorted()).toStrictEqual(responseMembers);
      expect(response.expires.getTime()).toBeGreaterThan(Date.now());
      const { header, payload } = jwtDecode(response.accessToken);
      expect(header).toMatchObject({ alg: 'RS512', typ: 'JWT' });
      expect(payload).toMatchObject({
        application: { id: clientId, client_id: clientId, kind: 'sales_channel', public: true },
        organization,
        iss: issuer,
        scope,
        test: true,
      });
    },
  );

  test('gets a token for an integration without a scope', async () => {
    const { clientId, clientSecret } = integration;
    const response = await authenticate(grant_type, { clientId, clientSecret, domain });
    expect(Object.keys(response).toSorted()).toStrictEqual(responseMembers);
    const { header, payload } = jwtDecode(response.accessToken);
    expect(header).toMatchObject({ alg: 'RS512', typ: 'JWT' });
    expect(payload).toMatchObject({
      application: { kind: 'integration', public: false, confidential: true, client_id: clientId },
      organization,
      iss: issuer,
      scope: 'market:all',
      test: true,
    });
  });

  test.each([
    ['remains public and becomes confidential if it sends its secret', channel.clientSecret, true],
    ['is public and not confidential if it sends no secret', undefined, false],
  ])('a sales channel %s', async (_case, clientSecret, confidential) => {
    const response = await authenticate(grant_type, {
      clientId: channel.clientId,
      ...(clientSecret !== undefined && { clientSecret }),
      domain,
    });
    const { application } = jwtDecode(response.accessToken).payload;
    expect(application).toMatchObject({ public: true, confidential });
  });
});

describe.each(Object.entries(kinds))('authenticate of js-auth, jwt-bearer, %s', (kind, partner) => {
  const application = { kind, public: kind === 'sales_channel', client_id: partner.clientId };
  const request = async (claims: object) =>
    authenticate(jwtBearer, {
      ...partner,
      domain,
      assertion: await createAssertion({ payload: { [claimsName]: claims } as never }),
    });

  const owner = { type: 'Customer', id: 'ZbWNhPBjqz' };
  test.each([
    ['a custom_claim', { custom_claim: { app: 'supabase' } }],
    ['a User as the owner', { owner: { type: 'User', id: 'ROnBYtMmAz' } }],
    ['a Customer as the owner', { owner }],
    ['an owner and a custom_claim', { owner, custom_claim: { first_name: 'Jörg', last_name: 'Doe' } }],
  ])('gets a token for %s', async (_case, claims) => {
    const response = await request(claims);
    expect(Object.keys(response).toSorted()).toStrictEqual(responseMembers);
    const { header, payload } = jwtDecode(response.accessToken);
    expect(header).toMatchObject({ alg: 'RS512', typ: 'JWT' });
    expect(payload).toMatchObject({ ...claims, application, organization, iss: issuer, scope: 'market:all' });
    for (const name of ['owner', 'custom_claim']) expect(name in payload).toBe(name in claims);
  });

  test.each([
    ['no claims', {}],
    ['an empty custom_claim', { custom_claim: {} }],
    ['an owner without id', { owner: { type: 'Customer' } }],
  ])('gets invalid_assertion for %s', async (_case, claims) => {
    expect((await request(claims)).errors).toStrictEqual([
      {
        title: 'invalid_assertion',
        detail: 'The provided assertion is invalid.',
        code: 'BAD_REQUEST',
        status: 400,
        meta: {},
      },
    ]);
  });

  test('gets a token twice for the same owner within a second', async () => {
    const responses = await Promise.all([request({ owner }), request({ owner })]);
    expect(responses.map(({ errors }) => errors)).toStrictEqual([undefined, undefined]);
  });

  test('gets invalid_client with a wrong secret', async () => {
    const assertion = await createAssertion({ payload: { [claimsName]: { custom_claim: { a: '1' } } } });
    const response = await authenticate(jwtBearer, { ...partner, clientSecret: 'wrong', domain, assertion });
    expect(response.errors?.[0]?.title).toBe('invalid_client');
  });
});

describe('jwt-bearer assertions that need a signature, Commerce Layer', () => {
  const stated = { iat: Math.floor(Date.now() / 1_000), [claimsName]: { owner: { type: 'User', id: '1' } } };
  const unsigned = (header: object = {}, claims: object = {}) =>
    rawJws({ alg: 'HS512', typ: 'JWT', ...header }, { ...stated, ...claims }, () => 'signature');
  const refused: Record<string, [Record<string, string>, () => string]> = {
    'a sales channel without its secret': [{ client_id: channel.clientId }, unsigned],
    'nobody, although iss names a client': [{}, () => unsigned({}, { iss: channel.clientId, aud: issuer })],
    'an integration, with alg none': [{ client_id, client_secret }, () => unsigned({ alg: 'none' })],
    'an integration, with the typ of an access token by RFC 9068': [
      { client_id, client_secret },
      () => unsigned({ typ: 'at+jwt' }),
    ],
    'an integration, with the iss of another client': [
      { client_id, client_secret },
      () => unsigned({}, { iss: channel.clientId }),
    ],
    'an integration, for another aud': [
      { client_id, client_secret },
      () => unsigned({}, { aud: 'https://auth.commercelayer.io' }),
    ],
    'an integration, expired': [{ client_id, client_secret }, () => unsigned({}, { exp: stated.iat - 60 })],
    'an integration, of an hour ago': [
      { client_id, client_secret },
      () => unsigned({}, { iat: stated.iat - 3_600 }),
    ],
    'an integration, of more than 4096 bytes': [
      { client_id, client_secret },
      () => unsigned({}, { [claimsName]: { custom_claim: { a: 'x'.repeat(4_096) } } }),
    ],
    'an integration, that is empty': [{ client_id, client_secret }, () => ''],
    'an integration, that is no JWT': [{ client_id, client_secret }, () => 'a.b.c'],
  };

  test.each(Object.entries(refused))('are refused from %s', async (_case, [credentials, assertion]) => {
    const { clientId, clientSecret } = integration;
    const own =
      credentials['client_secret'] === undefined
        ? credentials
        : { client_id: clientId, client_secret: clientSecret };
    const response = await postJson(endpoint, { grant_type: jwtBearer, ...own, assertion: assertion() });
    expect(response.status).toBe(400);
    const { errors } = response.body as { errors: Record<string, unknown>[] };
    expect(errors[0]?.['title']).toBe('invalid_assertion');
    expect(errors[0]?.['detail']).toBe('The provided assertion is invalid.');
  });

  test('are accepted from a client that signs with its registered key', async () => {
    const key = await partnerKey();
    const partner = await registerWithKey(key.publicKey, '--with-secret', ...markets, ...grants);
    const assertion = await jwtBy(key, { ...stated, jti: randomUUID() });
    const response = await authenticate(jwtBearer, { ...partner, domain, assertion });
    expect(jwtDecode(response.accessToken).payload).toMatchObject({ owner: { type: 'User', id: '1' } });
  });

  test('are refused from a client that authenticates with its key and does not sign them', async () => {
    const key = await partnerKey();
    const { clientId } = await registerWithKey(key.publicKey, ...markets, ...grants);
    const now = Math.floor(Date.now() / 1_000);
    const client_assertion = await jwtBy(key, {
      iss: clientId,
      sub: clientId,
      aud: issuer,
      jti: randomUUID(),
      iat: now,
      exp: now + 60,
    });
    const response = await postForm(endpoint, {
      grant_type: jwtBearer,
      client_assertion,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      assertion: unsigned(),
    });
    expect([response.status, response.body['error']]).toStrictEqual([400, 'invalid_assertion']);
  });
});

describe('revoke of js-auth', () => {
  test.each(['integration', 'sales_channel'] as const)('revokes the token of a client: %s', async (kind) => {
    const { clientId, clientSecret } = kinds[kind];
    // A sales channel gets its token without its secret, and revokes it with it.
    const { accessToken } = await authenticate(grant_type, {
      clientId,
      domain,
      ...(kind === 'integration' && { clientSecret }),
    });
    expect(await callStatus(accessToken)).toBe(403);
    expect(await revoke({ clientId, clientSecret, token: accessToken })).toStrictEqual({});
    expect(await callStatus(accessToken)).toBe(401);
  });

  test('gets unauthorized_client without a client id, and the token remains valid', async () => {
    const { clientSecret } = integration;
    const { accessToken } = await authenticate(grant_type, { ...integration, domain });
    const response = await revoke({ clientSecret, token: accessToken } as Parameters<typeof revoke>[0]);
    expect(response.errors).toStrictEqual([
      {
        title: 'unauthorized_client',
        detail: 'You are not authorized to revoke this token',
        code: 'FORBIDDEN',
        status: 403,
        meta: {},
      },
    ]);
    expect(await callStatus(accessToken)).toBe(403);
  });

  test('gets unauthorized_client for the token of another client', async () => {
    const { accessToken } = await authenticate(grant_type, { ...integration, domain });
    const response = await revoke({ ...channel, token: accessToken });
    expect(response.errors?.[0]?.title).toBe('unauthorized_client');
    expect(await callStatus(accessToken)).toBe(403);
  });
});

const integrationToken = (await authenticate(grant_type, { ...integration, domain })).accessToken;

describe('helpers of js-auth', () => {
  test('jwtVerify verifies a token with the published keys', async () => {
    expect(await jwtVerify(integrationToken)).toStrictEqual(jwtDecode(integrationToken));
  });

  test('jwtVerify refuses a token that was changed', async () => {
    const [header = '', payload = '', signature = ''] = integrationToken.split('.');
    const changed = Buffer.from(payload, 'base64url').toString().replace('"test":true', '"test":false');
    const forged = [header, Buffer.from(changed).toString('base64url'), signature].join('.');
    await expect(jwtVerify(forged)).rejects.toThrow('Invalid signature');
  });

  test('getCoreApiBaseEndpoint names the host of the organization', () => {
    expect(getCoreApiBaseEndpoint(integrationToken)).toBe(issuer.replace('auth', 'the-blue-brand'));
  });

  test('jwtIsIntegration and jwtIsSalesChannel tell the kind of the client', async () => {
    const { payload } = jwtDecode(integrationToken);
    expect([jwtIsIntegration(payload), jwtIsSalesChannel(payload)]).toStrictEqual([true, false]);
  });

  function memoryStorage(): Storage {
    const items = new Map<string, Parameters<Storage['setItem']>[1]>();
    return {
      getItem: async (name) => items.get(name) ?? null,
      setItem: async (name, value) => void items.set(name, value),
      removeItem: async (name) => void items.delete(name),
    };
  }

  test('makeIntegration gets a token once, and revokes it', async () => {
    const { getAuthorization, revokeAuthorization } = makeIntegration(
      { ...integration, domain, scope: 'market:all' },
      { storage: memoryStorage() },
    );
    const { accessToken, ownerType } = await getAuthorization();
    expect(ownerType).toBe('guest');
    expect((await getAuthorization()).accessToken).toBe(accessToken);
    expect(await revokeAuthorization()).toStrictEqual({});
    expect(await callStatus(accessToken)).toBe(401);
  });

  test('makeSalesChannel takes the token of a customer, and revokes it at logout', async () => {
    const { clientId, clientSecret } = channel;
    const shop = makeSalesChannel({ clientId, domain, scope: 'market:all' }, { storage: memoryStorage() });
    expect((await shop.getAuthorization()).ownerType).toBe('guest');
    const owner = { type: 'Customer' as const, id: 'ZbWNhPBjqz' };
    const assertion = await createAssertion({ payload: { [claimsName]: { owner } } });
    const customer = await authenticate(jwtBearer, { clientId, clientSecret, domain, assertion });
    await shop.setCustomer(customer);
    expect(await shop.getAuthorization()).toMatchObject({ ownerType: 'customer', ownerId: owner.id });
    expect(await shop.logoutCustomer()).toStrictEqual({});
    expect(await callStatus(customer.accessToken)).toBe(401);
  });

  test('send nothing to the host of the vendor', () => {
    expect(called.length).toBeGreaterThan(10);
    expect(called.filter((target) => target.includes('commercelayer.io'))).toStrictEqual([]);
  });
});

describe('token endpoint, Commerce Layer', () => {
  test('has the members of Commerce Layer in responses and claims', async () => {
    const { status, body } = await postJson(endpoint, {
      grant_type,
      client_id: demoChannel.clientId,
      scope: 'market:id:xYZkjABcde',
    });
    expect(status).toBe(200);
    expect(Object.keys(body)).toStrictEqual([
      'access_token',
      'token_type',
      'expires_in',
      'scope',
      'created_at',
    ]);
    expect(body['expires_in']).toBe(14_400);
    const { payload } = jwtDecode(String(body['access_token']));
    expect(payload).toMatchObject({ market: { id: ['xYZkjABcde'] } });
    expect(String(payload.rand)).toMatch(/^[\da-f]{32}$/);
  });

  test('grants an integration its default scope, market:all', async () => {
    const { body } = await postJson(endpoint, { grant_type, client_id, client_secret });
    expect(body['scope']).toBe('market:all');
    expect(body['expires_in']).toBe(7_200);
  });

  test.each([
    ['store:id:x', 200],
    ['stock_location:id:x', 200],
    ['market:1234', 200],
    ['store:id:x market:id:y', 200],
    ['store', 400],
    ['store:', 400],
    ['other:id:x', 400],
    ['', 400],
  ])('a sales channel that requests %s gets %i', async (scope, status) => {
    const response = await postJson(endpoint, { grant_type, client_id: demoChannel.clientId, scope });
    expect([response.status, response.body['error']]).toStrictEqual([
      status,
      status === 200 ? undefined : 'invalid_scope',
    ]);
  });
});

describe('error format, Commerce Layer', () => {
  const cases: [string, number, string, string, () => Promise<JsonResponse>][] = [
    [
      'a token request without grant_type',
      400,
      'invalid_request',
      'BAD_REQUEST',
      () => postJson(endpoint, {}),
    ],
    [
      'a token request with an unknown grant_type',
      400,
      'unsupported_grant_type',
      'BAD_REQUEST',
      () => postJson(endpoint, { grant_type: 'password' }),
    ],
    [
      'a token request with a wrong secret',
      401,
      'invalid_client',
      'UNAUTHORIZED',
      () => postJson(endpoint, { grant_type, client_id, client_secret: 'x' }),
    ],
    [
      'a token request with an unknown scope',
      400,
      'invalid_scope',
      'BAD_REQUEST',
      () => postJson(endpoint, { grant_type, client_id, client_secret, scope: 'x' }),
    ],
    [
      'a revocation without the secret',
      401,
      'invalid_client',
      'UNAUTHORIZED',
      () => postForm(`${url}/oauth/revoke`, { client_id, token: 'x' }),
    ],
    [
      'a revocation with a wrong secret',
      401,
      'invalid_client',
      'UNAUTHORIZED',
      () => postForm(`${url}/oauth/revoke`, { client_id, client_secret: 'x', token: 'x' }),
    ],
    [
      'a revocation without a client, with a token that is unknown',
      403,
      'unauthorized_client',
      'FORBIDDEN',
      () => postJson(`${url}/oauth/revoke`, { token: '1234' }),
    ],
    [
      'an introspection by a client that may not introspect',
      403,
      'unauthorized_client',
      'FORBIDDEN',
      () => postForm(`${url}/oauth/introspect`, { client_id, client_secret, token: 'x' }),
    ],
    [
      'a media type that is not supported',
      415,
      'invalid_request',
      'UNSUPPORTED_MEDIA_TYPE',
      () => call(endpoint, { method: 'POST', body: 'x', headers: { 'content-type': 'text/plain' } }),
    ],
  ];

  test.each(cases)('%s is %i %s, for both readers', async (_name, status, title, code, send) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(Object.keys(response.body)).toStrictEqual(['error', 'error_description', 'errors']);
    expect(response.body['error']).toBe(title);
    const { errors } = response.body as { errors: Record<string, unknown>[] };
    expect(errors.length).toBe(1);
    expect(Object.keys(errors[0] ?? {})).toStrictEqual(['title', 'detail', 'code', 'status', 'meta']);
    expect(errors[0]).toStrictEqual({ ...errors[0], title, code, status, meta: {} });
    expect(response.text).not.toContain(client_secret);
  });
});

describe('a standard client, Commerce Layer', () => {
  const options = {
    [oauth.customFetch]: (
      target: string,
      { body, ...init }: oauth.CustomFetchOptions<string, RequestInit['body']>,
    ) => toThisMachine(target, { ...init, ...(body !== undefined && { body }) }),
  };
  const discover = async () =>
    oauth.processDiscoveryResponse(
      new URL(issuer),
      await oauth.discoveryRequest(new URL(issuer), { ...options, algorithm: 'oidc' }),
    );

  test('finds the issuer, with its base path, in the metadata', async () => {
    const server = await discover();
    expect(server.issuer).toBe(issuer);
    expect(server.token_endpoint).toBe(`${issuer}/oauth/token`);
  });

  test('sees use_dpop_nonce, and gets a token with the nonce, for the URL of the issuer', async () => {
    const server = await discover();
    const client: oauth.Client = { client_id };
    const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'));
    const request = async () =>
      oauth.processClientCredentialsResponse(
        server,
        client,
        await oauth.clientCredentialsGrantRequest(
          server,
          client,
          oauth.ClientSecretPost(client_secret),
          new URLSearchParams(),
          { ...options, DPoP },
        ),
      );
    const error = await request().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ error: 'use_dpop_nonce' });
    expect((await request()).token_type).toBe('dpop');
  });
});

describe('DPoP, Commerce Layer', () => {
  test.each([
    ['with the base path in front', new URL(issuer).pathname],
    ['without the base path', ''],
  ])('htu is the URL of the issuer, for a call %s', async (_case, prefix) => {
    const { clientId, clientSecret } = await register('--scope', 'market:*', '--dpop');
    const key = await partnerKey();
    const iat = Math.floor(Date.now() / 1000);
    const requestToken = async (nonce?: string, htu = `${issuer}/oauth/token`) =>
      postForm(
        `${url}${prefix}/oauth/token`,
        { grant_type, client_id: clientId, client_secret: clientSecret, scope: 'market:all' },
        { dpop: await dpopProof(key, { htm: 'POST', htu, iat, nonce }) },
      );
    const nonce = (await requestToken()).headers.get('dpop-nonce') ?? undefined;
    expect((await requestToken(nonce, endpoint)).body['error']).toBe('invalid_dpop_proof');
    const { status, body } = await requestToken(nonce);
    expect(status).toBe(200);

    const token = String(body['access_token']);
    const read = async (htu: string, withNonce?: string) =>
      call(`${url}${prefix}/rest/v1/users/MAG1`, {
        headers: {
          authorization: `DPoP ${token}`,
          dpop: await dpopProof(key, { htm: 'GET', htu, iat, nonce: withNonce, accessToken: token }),
        },
      });
    const denied = await read(`${issuer}/rest/v1/users/MAG1`);
    expect(denied.status).toBe(401);
    expect(denied.headers.get('www-authenticate') ?? '').toMatch(/^DPoP .*error="use_dpop_nonce"/);
    const next = denied.headers.get('dpop-nonce') ?? undefined;
    expect((await read(`${url}/rest/v1/users/MAG1`, next)).status).toBe(401);
    // The authorizer accepts the token; the API refuses it because the client has no account.
    expect((await read(`${issuer}/rest/v1/users/MAG1`, next)).status).toBe(403);
  });
});

describe('example API, Commerce Layer', () => {
  test.each(['', new URL(issuer).pathname])(
    'accepts RS512 tokens of the typ JWT at %p/api',
    async (prefix) => {
      const { clientId, clientSecret = '' } = clients[0] ?? assert.fail();
      const { body } = await postJson(endpoint, {
        grant_type,
        client_id: clientId,
        client_secret: clientSecret,
      });
      const response = await call(`${url}${prefix}/api/v1/marketplace/subscriptions/none`, {
        headers: bearer(body['access_token']),
      });
      expect(response.status).toBe(404);
    },
  );
});
