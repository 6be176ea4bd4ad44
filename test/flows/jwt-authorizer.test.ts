import { describe, expect, test } from '@jest/globals';
import { dpopProof, partnerKey } from '../oauth/client-keys.ts';
import { operator } from './operator.ts';
import { startInProcess } from './stage-in-process.ts';
import { withJwtAuthorizer } from './variants.ts';
import { basic, bearer, call, postForm } from './wire.ts';

const sandbox = await startInProcess(withJwtAuthorizer);
const subscription = `${sandbox.url}/api/v1/marketplace/subscriptions/unknown`;

async function tokenOf({ clientId, clientSecret }: typeof sandbox.integration, headers = {}) {
  const { body } = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials', scope: 'marketplace.order:read' },
    { authorization: basic(clientId, clientSecret), ...headers },
  );
  return String(body['access_token']);
}

/** 404 is the response of the example API itself: the authorizer has let the caller through. */
const letThrough = 404;

describe("example API behind API Gateway's own JWT authorizer", () => {
  test('lets a token with the scope through', async () => {
    const headers = bearer(await tokenOf(sandbox.integration));
    expect((await call(subscription, { headers })).status).toBe(letThrough);
  });

  test('responds to HEAD', async () => {
    const headers = bearer(await tokenOf(sandbox.integration));
    expect((await call(subscription, { headers, method: 'HEAD' })).status).toBe(letThrough);
  });

  test.each([
    ['a missing token', 401, {}],
    ['a token that is not valid', 401, bearer('a.b.c')],
  ])('refuses %s with %i, as API Gateway does', async (_, status, headers) => {
    const response = await call(subscription, { headers });
    expect([response.status, response.body]).toStrictEqual([status, { message: 'Unauthorized' }]);
  });

  test('lets a revoked token through until it expires', async () => {
    const { clientId, clientSecret } = sandbox.integration;
    const token = await tokenOf(sandbox.integration);
    const authorization = basic(clientId, clientSecret);
    expect((await postForm(`${sandbox.url}/oauth/revoke`, { token }, { authorization })).status).toBe(200);
    expect((await call(subscription, { headers: bearer(token) })).status).toBe(letThrough);
  });

  test('lets a token that is bound by DPoP through as a bearer token, without a proof', async () => {
    const htu = `${sandbox.url}/oauth/token`;
    const iat = Math.floor(Date.now() / 1000);
    const dpop = await dpopProof(await partnerKey(), { htm: 'POST', htu, iat });
    const token = await tokenOf(sandbox.integration, { dpop });
    expect((await call(subscription, { headers: bearer(token) })).status).toBe(letThrough);
    const dpopScheme = { authorization: `DPoP ${token}` };
    expect((await call(subscription, { headers: dpopScheme })).status).toBe(401);
  });

  test('has the effect that client create --dpop warns', async () => {
    const options = ['--name', 'Bound', '--scope', 'orders:read', '--dpop'];
    const { stderr } = await operator(sandbox, 'client', 'create', ...options);
    expect(stderr).toMatch(/sandbox has routes behind API Gateway's own JWT authorizer/);
  });
});
