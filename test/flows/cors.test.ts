import { describe, expect, test } from '@jest/globals';
import { localStages } from './stages.ts';
import { basic, postForm } from './wire.ts';

const { sandbox } = localStages();
const origin = 'https://shop.example.com';

const corsHeadersOf = (headers: Headers) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')));

const allowed = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'dpop-nonce,www-authenticate,x-amzn-remapped-www-authenticate,retry-after,accept,accept-encoding,x-ratelimit-limit,x-ratelimit-interval,x-ratelimit-remaining',
};

describe('preflight of a page of another origin', () => {
  test.each([
    ['POST', '/oauth/token', 'content-type,dpop'],
    ['POST', '/oauth/token', 'authorization,content-type'],
    ['POST', '/oauth/revoke', 'content-type'],
    ['GET', '/.well-known/oauth-authorization-server', 'content-type'],
    ['GET', '/.well-known/openid-configuration', 'content-type'],
    ['GET', '/.well-known/jwks.json', 'content-type'],
    ['GET', '/api/v1/marketplace/subscriptions/sub-1', 'authorization,dpop'],
    ['POST', '/api/v1/marketplace/subscriptions', 'authorization,content-type'],
    ['GET', '/rest/v1/users/MAG1', 'authorization'],
    ['DELETE', '/a/path/without/a/route', 'authorization'],
  ])('%s %s with %s is allowed', async (method, path, headers) => {
    const response = await fetch(sandbox.url + path, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': headers,
      },
    });
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(corsHeadersOf(response.headers)).toStrictEqual({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET,HEAD,POST,PUT,DELETE',
      'access-control-allow-headers': 'authorization,content-type,dpop',
      'access-control-max-age': '7200',
    });
  });
});

describe('response to a page of another origin', () => {
  const { clientId, clientSecret } = sandbox.integration;
  const form = (body: Record<string, string>) => ({ method: 'POST', body: new URLSearchParams(body) });
  const json = (body: string) => ({ method: 'POST', body, headers: { 'content-type': 'application/json' } });
  test.each<[string, number, string, RequestInit]>([
    [
      'a token',
      200,
      '/oauth/token',
      form({
        grant_type: 'client_credentials',
        client_id: sandbox.salesChannel.clientId,
        scope: 'market:id:x',
      }),
    ],
    [
      'a wrong secret',
      401,
      '/oauth/token',
      form({ grant_type: 'client_credentials', client_id: clientId, client_secret: 'x' }),
    ],
    ['JSON that is truncated', 400, '/oauth/token', json('{"grant_type"')],
    ['an unsupported media type', 415, '/oauth/token', { method: 'POST', body: 'x' }],
    ['a body that is too large', 413, '/oauth/token', form({ x: 'x'.repeat(17_000) })],
    [
      'a revocation',
      200,
      '/oauth/revoke',
      form({ client_id: clientId, client_secret: clientSecret, token: 'x' }),
    ],
    [
      'an introspection that is not allowed',
      403,
      '/oauth/introspect',
      form({ client_id: clientId, client_secret: clientSecret, token: 'x' }),
    ],
    ['metadata', 200, '/.well-known/oauth-authorization-server', {}],
    ['OpenID metadata', 200, '/.well-known/openid-configuration', {}],
    ['the key set', 200, '/.well-known/jwks.json', {}],
    ['an API call without a token', 401, '/api/v1/marketplace/subscriptions/sub-1', {}],
    ['an account without a token', 401, '/rest/v1/users/MAG1', {}],
    [
      'a session request without credentials',
      401,
      '/rest/v1/app/session/token',
      json('{"grant_type":"session"}'),
    ],
    ['a path without a route', 404, '/nowhere', {}],
    ['a path that cannot be decoded', 400, '/%zz', {}],
  ])('%s (%i) may be read', async (_case, status, path, init) => {
    const headers = { ...Object.fromEntries(new Headers(init.headers)), origin };
    const response = await fetch(sandbox.url + path, { ...init, headers });
    expect(response.status).toBe(status);
    expect(corsHeadersOf(response.headers)).toStrictEqual(allowed);
  });

  test.each(['oauth-authorization-server', 'openid-configuration', 'jwks.json'])(
    'is kept by caches for its origin only: %s',
    async (document) => {
      const url = `${sandbox.url}/.well-known/${document}`;
      const { headers } = await fetch(url);
      expect(headers.get('vary')).toBe('origin');
      const unchanged = await fetch(url, { headers: { 'if-none-match': headers.get('etag') ?? '' } });
      expect([unchanged.status, unchanged.headers.get('vary')]).toStrictEqual([304, 'origin']);
    },
  );

  test('has no header of CORS for a request without an origin', async () => {
    const { status, headers } = await postForm(
      `${sandbox.url}/oauth/token`,
      { grant_type: 'client_credentials' },
      { authorization: basic(clientId, clientSecret) },
    );
    expect(status).toBe(200);
    expect(corsHeadersOf(headers)).toStrictEqual({});
  });
});
