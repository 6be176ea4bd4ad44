import { describe, expect, test } from '@jest/globals';
import { operatorJson } from './operator.ts';
import { order } from './order.ts';
import { registerPartner } from './partners.ts';
import { localStages } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const { sandbox } = localStages();
const { integration, sessionKey } = sandbox;
const form = 'application/x-www-form-urlencoded';
const json = 'application/json';

const resourceServer = await registerPartner(sandbox, { options: ['--introspect'] });
const authorization = basic(integration.clientId, integration.clientSecret);

/** A session of an account that has place for session keys. */
async function session() {
  const person = ['--first-name', 'Ada', '--last-name', 'Byron', '--email', 'ada@example.com'];
  const { mageId } = (await operatorJson(sandbox, 'account', 'create', ...person)) as { mageId: string };
  const key = await registerPartner(sandbox, { options: ['--account', mageId] });
  const opened = await postJson(
    `${sandbox.url}/rest/v1/app/session/token`,
    { grant_type: 'session' },
    { authorization: basic(key.clientId, key.clientSecret) },
  );
  return { mageId, key, token: opened.body['ust'] };
}
const { mageId, key, token: ust } = await session();

async function accessToken() {
  const issued = await postForm(
    `${sandbox.url}/oauth/token`,
    { grant_type: 'client_credentials', scope: 'marketplace.order:read marketplace.order:create' },
    { authorization },
  );
  return issued.body['access_token'];
}
const token = await accessToken();

let orders = 0;
const newOrder = () => order(`body-${process.pid}-${(orders += 1)}`);

interface Endpoint {
  readonly name: string;
  readonly path: string;
  readonly method?: string;
  readonly headers: Record<string, string>;
  /** A valid body, of strings where a form can be sent. */
  readonly body: () => object;
  readonly status: number;
  readonly takesForms: boolean;
}

/** Every endpoint that reads a body. */
const endpoints: readonly Endpoint[] = [
  {
    name: 'token endpoint',
    path: '/oauth/token',
    headers: { authorization },
    body: () => ({ grant_type: 'client_credentials', scope: 'marketplace.order:read' }),
    status: 200,
    takesForms: true,
  },
  {
    name: 'session token endpoint',
    path: '/rest/v1/app/session/token',
    headers: { authorization: basic(sessionKey.clientId, sessionKey.clientSecret) },
    body: () => ({ grant_type: 'session' }),
    status: 200,
    takesForms: true,
  },
  {
    name: 'revocation endpoint',
    path: '/oauth/revoke',
    headers: { authorization },
    body: () => ({ token: 'unknown' }),
    status: 200,
    takesForms: true,
  },
  {
    name: 'introspection endpoint',
    path: '/oauth/introspect',
    headers: { authorization: basic(resourceServer.clientId, resourceServer.clientSecret) },
    body: () => ({ token: 'unknown' }),
    status: 200,
    takesForms: true,
  },
  {
    name: 'session keys',
    path: `/rest/v1/users/${mageId}/access-keys/${key.clientId}`,
    method: 'PUT',
    headers: bearer(ust),
    body: () => ({ label: 'Renamed' }),
    status: 200,
    takesForms: true,
  },
  {
    name: 'subscriptions API',
    path: '/api/v1/marketplace/subscriptions',
    headers: bearer(token),
    body: newOrder,
    status: 201,
    takesForms: false,
  },
];

describe.each(endpoints)(
  'request body, $name',
  ({ path, method = 'POST', headers, body, status, takesForms }) => {
    const send = (contentType: string | undefined, content: string | Uint8Array, more: object = {}) =>
      call(sandbox.url + path, {
        method,
        // fetch names a type for a string, and none for bytes.
        body: Buffer.from(content),
        headers: { ...headers, ...(contentType !== undefined && { 'content-type': contentType }), ...more },
      });
    const asJson = (more: object = {}) => JSON.stringify({ ...body(), ...more });
    const asForm = () => new URLSearchParams(Object.entries(body())).toString();

    test.each([
      `${json}; charset=utf-8`,
      `${json}; charset=ISO-8859-1`,
      `${json};charset="us-ascii"`,
      'Application/JSON;odata=verbose',
    ])('is read with the media type %s', async (contentType) => {
      expect((await send(contentType, asJson())).status).toBe(status);
    });

    if (takesForms) {
      test.each([
        `${form}; charset=ISO-8859-1`,
        `${form}; charset=utf8`,
        `${form};charset=us-ascii`,
        `${form}; charset=windows-1252`,
      ])('is read with the media type %s', async (contentType) => {
        expect((await send(contentType, asForm())).status).toBe(status);
      });
    }

    test('is read with Content-Encoding: identity', async () => {
      expect((await send(json, asJson(), { 'content-encoding': 'identity' })).status).toBe(status);
    });

    test('is read after a byte order mark', async () => {
      expect((await send(json, `\uFEFF${asJson()}`)).status).toBe(status);
    });

    test('is read without the members that are null', async () => {
      const nothing = {
        client_id: null,
        client_secret: null,
        client_assertion: null,
        resource: null,
        audience: null,
        expires_in: null,
        token_type_hint: null,
        regenerate_secret: null,
        application_id: null,
      };
      expect((await send(json, asJson(nothing))).status).toBe(status);
    });

    const message = (response: Awaited<ReturnType<typeof call>>) =>
      String(response.body['error_description'] ?? response.body['message']);

    test('without a media type is refused with 415, which says so', async () => {
      const response = await send(undefined, asJson());
      expect([response.status, response.headers.get('accept')]).toStrictEqual([415, `${form}, ${json}`]);
      expect(message(response)).toMatch(/Content-Type is missing/);
    });

    test('of another media type is refused with 415, which names the supported ones', async () => {
      const response = await send('text/xml', '<token/>');
      expect([response.status, response.headers.get('accept')]).toStrictEqual([415, `${form}, ${json}`]);
      expect(message(response)).toMatch(/not supported: .*x-www-form-urlencoded or application\/json/);
    });

    test('that is compressed is refused with 415, which names the cause', async () => {
      const response = await send(json, asJson(), { 'content-encoding': 'gzip' });
      expect([response.status, response.headers.get('accept-encoding')]).toStrictEqual([415, 'identity']);
      expect(message(response)).toMatch(/Content-Encoding/);
    });

    test('whose bytes are ISO-8859-1 is refused, whatever its charset says', async () => {
      const latin1 = Buffer.from('{"label":"M\u00FCller"}', 'latin1');
      const response = await send(`${json}; charset=ISO-8859-1`, latin1);
      expect(response.status).toBe(400);
      expect(message(response)).toMatch(/not UTF-8/);
    });
  },
);

describe('subscriptions API', () => {
  const url = sandbox.url + '/api/v1/marketplace/subscriptions';

  test('names a nested member that is null as missing', async () => {
    const customer = { ...newOrder().customer, address: { country: null } };
    const response = await postJson(url, { ...newOrder(), customer }, bearer(token));
    expect(response.status).toBe(422);
    expect(response.body['details']).toStrictEqual([
      { field: 'customer.address.country', message: 'is required' },
    ]);
  });
});

describe('token endpoint, scope', () => {
  test.each(['  marketplace.order:read', 'marketplace.order:read  ', ' marketplace.order:read '])(
    'ignores spaces around %j',
    async (scope) => {
      const { status, body } = await postForm(
        `${sandbox.url}/oauth/token`,
        { grant_type: 'client_credentials', scope },
        { authorization },
      );
      expect([status, body['scope']]).toStrictEqual([200, 'marketplace.order:read']);
    },
  );
});

const stock = 'https://stock.example.com';
const partner = await registerPartner(sandbox, {
  options: ['--audience', stock, '--audience', 'stock', '--default-scope', 'orders:read'],
});

describe('token endpoint, audience', () => {
  const credentials = { authorization: basic(partner.clientId, partner.clientSecret) };
  const request = (parameters: string, contentType = form) =>
    call(`${sandbox.url}/oauth/token`, {
      method: 'POST',
      body: contentType === form ? `grant_type=client_credentials&${parameters}` : parameters,
      headers: { ...credentials, 'content-type': contentType },
    });
  const audienceOf = (accessTokenOfResponse: unknown) => {
    const [, claims = ''] = String(accessTokenOfResponse).split('.');
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud: unknown }).aud;
  };

  test.each([
    ['audience', stock],
    ['resource', stock],
    ['audience', 'stock'],
  ])('%s=%s is the aud of the token', async (name, value) => {
    const { status, body } = await request(`${name}=${encodeURIComponent(value)}`);
    expect(status).toBe(200);
    expect(audienceOf(body['access_token'])).toBe(value);
  });

  test.each([
    ['an unknown audience', 'audience=https://other.example.com', form],
    ['an audience and another resource', `audience=stock&resource=${stock}`, form],
    ['two resources', `resource=stock&resource=${stock}`, form],
    ['two audiences', `audience=stock&audience=${stock}`, form],
    ['the same resource twice', 'resource=stock&resource=stock', form],
    [
      'a list of audiences in JSON',
      JSON.stringify({ grant_type: 'client_credentials', audience: ['stock', stock] }),
      json,
    ],
  ])('refuses %s with invalid_target', async (_, parameters, contentType) => {
    const { status, body } = await request(parameters, contentType);
    expect([status, body['error']]).toStrictEqual([400, 'invalid_target']);
  });

  test('refuses another parameter that is sent twice with invalid_request', async () => {
    const { status, body } = await request('scope=orders:read&scope=orders:read');
    expect([status, body['error']]).toStrictEqual([400, 'invalid_request']);
  });
});
