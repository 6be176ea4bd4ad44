import { describe, expect, test } from '@jest/globals';
import { localStages } from './stages.ts';
import { basic, bearer, postForm, postJson } from './wire.ts';

const { sandbox } = localStages();
const { integration, sessionKey } = sandbox;

const opened = await postJson(
  `${sandbox.url}/rest/v1/app/session/token`,
  { grant_type: 'session' },
  { authorization: basic(sessionKey.clientId, sessionKey.clientSecret) },
);
const session = bearer(opened.body['ust']);

async function tokenOf(scope: string) {
  const { body } = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials', scope },
    { authorization: basic(integration.clientId, integration.clientSecret) },
  );
  return bearer(body['access_token']);
}
const reader = await tokenOf('marketplace.order:read');
const account = `/rest/v1/users/${sessionKey.mageId}`;

/** The headers of a response, without those of the connection and those that differ between any two. */
const headersOf = ({ headers }: Response) =>
  Object.fromEntries(
    [...headers].filter(([name]) => !/^(?:date|apigw-requestid|connection|keep-alive)$/.test(name)),
  );

const cases: [string, number, string, Record<string, string>][] = [
  ['the metadata', 200, '/.well-known/oauth-authorization-server', {}],
  ['the metadata for OpenID Connect', 200, '/.well-known/openid-configuration', {}],
  ['the published keys', 200, '/.well-known/jwks.json', {}],
  ['the profile', 200, account, session],
  ['the summary of the profile', 200, `${account}?style=summary`, session],
  ['the session keys', 200, `${account}/access-keys`, session],
  ['the profile without a session', 401, account, {}],
  ['an unknown subscription', 404, '/api/v1/marketplace/subscriptions/unknown', reader],
  ['a subscription without a token', 401, '/api/v1/marketplace/subscriptions/unknown', {}],
  [
    'a subscription without the scope',
    403,
    '/api/v1/marketplace/subscriptions/unknown',
    await tokenOf('marketplace.order:create'),
  ],
];

describe('HEAD', () => {
  test.each(cases)(
    'of %s is %i, with the headers of GET and no content',
    async (_, status, path, headers) => {
      const get = await fetch(sandbox.url + path, { headers });
      const head = await fetch(sandbox.url + path, { headers, method: 'HEAD' });
      expect(head.status).toBe(status);
      expect(headersOf(head)).toStrictEqual(headersOf(get));
      expect(head.headers.get('content-length')).toBe(String(Buffer.byteLength(await get.text())));
      expect(await head.text()).toBe('');
    },
  );

  test('of the published keys is 304 for the ETag of the response', async () => {
    const url = `${sandbox.url}/.well-known/jwks.json`;
    const etag = (await fetch(url, { method: 'HEAD' })).headers.get('etag') ?? '';
    const { status } = await fetch(url, { method: 'HEAD', headers: { 'if-none-match': etag } });
    expect(status).toBe(304);
  });

  test.each(['/oauth/token', '/oauth/revoke', '/oauth/introspect', '/rest/v1/app/session/token'])(
    'of %s, which GET does not read, is 404',
    async (path) => {
      expect((await fetch(sandbox.url + path, { method: 'HEAD' })).status).toBe(404);
    },
  );
});
