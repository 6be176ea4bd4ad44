import { randomUUID } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt } from 'jose';
import * as client from 'openid-client';
import { jwtBy, partnerKey, rawJws } from '../oauth/client-keys.ts';
import { operatorJson } from './operator.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import { postForm } from './wire.ts';

const { sandbox } = localStages();
const endpoint = `${sandbox.url}/oauth/token`;
const grant_type = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const scope = 'orders:read';
const key = await partnerKey('PS256');
const grants = ['--grant', 'jwt-bearer', '--subject', 'customer-*', '--with-secret'];
const { clientId, clientSecret } = await registerPartner(sandbox, {
  publicKey: key.publicKey,
  options: grants,
});

const now = () => Math.floor(Date.now() / 1_000);
const assertion = (changes: object = {}) =>
  jwtBy(key, {
    iss: clientId,
    sub: 'customer-7',
    aud: sandbox.issuer,
    exp: now() + 60,
    jti: randomUUID(),
    ...changes,
  });
const credentials = { client_id: clientId, client_secret: clientSecret };

describe('jwt-bearer grant of RFC 7523', () => {
  test.each([
    ['with its secret', credentials],
    ['with its client_id alone', { client_id: clientId }],
    ['without client authentication', {}],
  ])('issues a token whose principal is the subject, to a client %s', async (_case, more) => {
    const response = await postForm(endpoint, {
      grant_type,
      scope,
      assertion: await assertion(),
      ...more,
    });
    expect(response.status).toBe(200);
    const claims = decodeJwt(String(response.body['access_token']));
    expect([claims.sub, claims['client_id'], claims['scope']]).toStrictEqual(['customer-7', clientId, scope]);
  });

  test('issues a token to a library of someone else', async () => {
    const config = await client.discovery(new URL(sandbox.url), clientId, undefined, client.None(), {
      execute: [client.allowInsecureRequests],
    });
    const parameters = { assertion: await assertion(), scope };
    const tokens = await client.genericGrantRequest(config, grant_type, parameters);
    expect(decodeJwt(tokens.access_token).sub).toBe('customer-7');
  });

  test.each<[string, object, Record<string, string>]>([
    ['a subject that is not registered', { sub: 'root' }, credentials],
    ['another aud', { aud: 'https://other.example.com' }, credentials],
    ['no aud and no client authentication', { aud: undefined }, {}],
    ['no exp', { exp: undefined }, {}],
    ['no iss', { iss: undefined }, {}],
    ['an iss that is unknown', { iss: 'unknown' }, {}],
  ])('refuses %s with invalid_grant', async (_case, changes, more) => {
    const response = await postForm(endpoint, {
      grant_type,
      scope,
      assertion: await assertion(changes),
      ...more,
    });
    expect([response.status, response.body['error']]).toStrictEqual([400, 'invalid_grant']);
  });

  test('accepts an assertion once', async () => {
    const form = { grant_type, scope, assertion: await assertion() };
    expect((await postForm(endpoint, form)).status).toBe(200);
    expect((await postForm(endpoint, form)).body['error']).toBe('invalid_grant');
  });

  test("refuses Commerce Layer's unsigned assertion with the right secret, outside of that dialect", async () => {
    const claims = {
      iat: now(),
      'https://commercelayer.io/claims': { owner: { type: 'Customer', id: 'customer-7' } },
    };
    const unsigned = rawJws({ alg: 'HS512', typ: 'JWT' }, claims, () => 'signature');
    const form = { grant_type, scope, assertion: unsigned, ...credentials };
    expect((await postForm(endpoint, form)).body['error']).toBe('invalid_grant');
  });

  test('refuses the assertion of a disabled client', async () => {
    const other = await registerPartner(sandbox, { publicKey: key.publicKey, options: grants });
    const iss = other.clientId;
    const form = async () => ({ grant_type, scope, assertion: await assertion({ iss }) });
    expect((await postForm(endpoint, await form())).status).toBe(200);
    await operatorJson(sandbox, 'client', 'disable', iss);
    expect((await postForm(endpoint, await form())).body['error']).toBe('invalid_grant');
  });
});
