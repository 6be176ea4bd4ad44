import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { createJwtAuthorizer } from '../../local/api-gateway/jwt-authorizer.ts';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
import { authorizedApi, echo } from './authorized-api.ts';
import { fixtureFunctions } from './fixture-function.ts';
import { seconds, startIssuer } from './issuer.ts';

const functions = fixtureFunctions({ echo }, afterThisFile);

async function protectedApi(scopes: readonly string[] = ['read', 'write']) {
  const issuer = await startIssuer(afterThisFile);
  const authorizer = await createJwtAuthorizer({
    issuer: issuer.url,
    audience: ['the-api'],
    identitySource: '$request.header.Authorization',
  });
  const get = await authorizedApi({ functions, authorizer, scopes, cleanUp: afterThisFile });
  return { ...issuer, get };
}

const { get, sign } = await protectedApi();

describe('local JWT authorizer, with a valid token', () => {
  let token: string;
  beforeAll(async () => {
    token = await sign({
      scope: 'write other',
      exp: 4_000_000_000,
      iat: 1_000_000_000,
      test: true,
      market: { id: ['a', 'b'], code: 'c' },
      list: ['x', 1],
    });
  });

  test.each([
    ['alone', ''],
    ['after Bearer', 'Bearer '],
    ['after bEaReR', 'bEaReR '],
  ])('accepts it %s, and passes its claims on as strings', async (_, scheme) => {
    const { status, body } = await get('/things/1', `${scheme}${token}`);
    expect(status).toBe(200);
    const { iss, ...claims } = body.requestContext.authorizer.jwt.claims;
    expect(iss).toMatch(/^http:/);
    expect(claims).toStrictEqual({
      aud: 'the-api',
      scope: 'write other',
      exp: '4000000000',
      iat: '1000000000',
      test: 'true',
      market: 'map[code:c id:[a b]]',
      list: '[x 1]',
    });
    expect(body.requestContext.authorizer.jwt.scopes).toStrictEqual(['write']);
  });

  test('accepts it for a route without scopes, and passes on null as its scopes', async () => {
    const unscoped = await protectedApi([]);
    const { status, body } = await unscoped.get('/things/1', await unscoped.sign({}));
    expect(status).toBe(200);
    expect(body.requestContext.authorizer.jwt.scopes).toBe(null);
  });

  test('reads scopes from scp too', async () => {
    expect((await get('/things/1', await sign({ scp: ['read'] }))).status).toBe(200);
  });

  test('reads the audience from client_id if there is no aud', async () => {
    const withoutAud = await sign({ scope: 'read', aud: null, client_id: 'the-api' });
    expect((await get('/things/1', withoutAud)).status).toBe(200);
  });
});

describe('local JWT authorizer', () => {
  test('responds with 401 and a challenge without a token', async () => {
    expect(await get('/things/1')).toStrictEqual({
      status: 401,
      challenge: 'Bearer',
      body: { message: 'Unauthorized' },
    });
  });

  test('responds with 403 and insufficient_scope without a scope of the route', async () => {
    const refused = await get('/things/1', await sign({ scope: 'reader' }));
    expect(refused.status).toBe(403);
    expect(refused.body).toStrictEqual({ message: 'Forbidden' });
    expect(refused.challenge ?? '').toMatch(/^Bearer scope="read write" error="insufficient_scope"/);
  });

  const invalid: readonly [string, Record<string, unknown>, string][] = [
    ['that has expired', { exp: seconds(-1) }, 'the token has expired'],
    ['without exp', { exp: null }, 'the token has expired'],
    ['that is not valid yet', { nbf: seconds(60) }, 'the token is not valid yet'],
    ['that was issued in the future', { iat: seconds(60) }, 'the token was issued in the future'],
    ['of another issuer', { iss: 'https://other.example' }, 'the token does not have a valid issuer'],
    ['for another audience', { aud: ['other'] }, 'the token does not have a valid audience'],
    [
      'for another audience, although its client_id is an audience',
      { aud: 'other', client_id: 'the-api' },
      'the token does not have a valid audience',
    ],
  ];
  test.each(invalid)('refuses a token %s', async (_, claims, description) => {
    expect(await get('/things/1', await sign({ scope: 'read', ...claims }))).toStrictEqual({
      status: 401,
      challenge: `Bearer scope="read write" error="invalid_token" error_description="${description}"`,
      body: { message: 'Unauthorized' },
    });
  });

  const unverifiable: readonly [string, () => Promise<string>, string][] = [
    [
      'a token that is not signed with RSA',
      () => sign({ scope: 'read' }, { alg: 'ES256' }),
      'the signing method is invalid',
    ],
    [
      'a token that another key has signed',
      async () => (await startIssuer()).sign({ scope: 'read', iss: 'x' }),
      'the token has an invalid signature',
    ],
    [
      'two tokens',
      async () => {
        const token = await sign({ scope: 'read' });
        return `${token}, ${token}`;
      },
      'the token is malformed',
    ],
    ['another scheme', async () => 'Basic abc', 'the token is malformed'],
  ];
  test.each(unverifiable)('refuses %s', async (_, authorization, description) => {
    const { status, challenge } = await get('/things/1', await authorization());
    expect(status).toBe(401);
    expect(challenge).toMatch(new RegExp(`error_description="${description}"$`));
  });

  test('reads the keys once, and once more for an unknown kid, but not each time', async () => {
    const counted = await protectedApi();
    const token = await counted.sign({ scope: 'read' });
    await counted.get('/things/1', token);
    await counted.get('/things/1', token);
    for (let call = 0; call < 3; call += 1) {
      const unknown = await counted.sign({ scope: 'read' }, { kid: 'unknown' });
      const { challenge } = await counted.get('/things/1', unknown);
      expect(challenge ?? '').toMatch(/no key of the issuer fits the token/);
    }
    expect(counted.requests.filter((url) => url === '/keys').length).toBeLessThanOrEqual(2);
  });
});

describe('local JWT authorizer whose issuer does not respond with its keys', () => {
  async function impatient() {
    const issuer = await startIssuer();
    const authorizer = await createJwtAuthorizer({
      issuer: issuer.url,
      audience: ['the-api'],
      identitySource: '$request.header.Authorization',
      timeoutMilliseconds: 500,
    });
    return { ...issuer, get: await authorizedApi({ functions, authorizer }) };
  }
  const refused = {
    status: 401,
    challenge: 'Bearer scope="" error="invalid_token" error_description="JWKS communication error"',
    body: { message: 'Unauthorized' },
  };

  test('in time refuses the token, and reads the keys for the next one', async () => {
    const issuer = await impatient();
    issuer.silence('/keys', (count) => count === 1);
    const token = await issuer.sign({});
    expect(await issuer.get('/things/1', token)).toStrictEqual(refused);
    expect((await issuer.get('/things/1', token)).status).toBe(200);
  });

  test('at all refuses the token', async () => {
    const issuer = await impatient();
    issuer.withoutKeys();
    expect(await issuer.get('/things/1', await issuer.sign({}))).toStrictEqual(refused);
  });
});

describe('creation of a local JWT authorizer', () => {
  const create = (issuer: string, timeoutMilliseconds?: number) =>
    createJwtAuthorizer({
      issuer,
      audience: [],
      identitySource: '$request.header.Authorization',
      ...(timeoutMilliseconds !== undefined && {
        timeoutMilliseconds,
        startMilliseconds: timeoutMilliseconds,
      }),
    });
  const discovery = '/.well-known/openid-configuration';

  test('gives 1,500 ms to the discovery document, once its function has started, and to the keys', async () => {
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    afterThisTest(() => timeout.mockRestore());
    const issuer = await startIssuer();
    const authorizer = await createJwtAuthorizer({
      issuer: issuer.url,
      audience: ['the-api'],
      identitySource: '$request.header.Authorization',
    });
    await (
      await authorizedApi({ functions, authorizer })
    )('/things/1', await issuer.sign({}));
    expect(timeout.mock.calls).toStrictEqual([[10_000], [1_500], [1_500]]);
  });

  test.each([
    ['at all', () => true],
    ['in time, once its function has started', (count: number) => count === 2],
  ])('fails if the discovery document does not come %s', async (_, isSilent) => {
    const { url, silence } = await startIssuer();
    silence(discovery, isSilent);
    await expect(create(url, 100)).rejects.toThrow(/no discovery document at .* \(.*timeout\)/);
  });

  test('fails if the issuer has no discovery document', async () => {
    const { url } = await startIssuer();
    await expect(create(`${url}/elsewhere`)).rejects.toThrow(
      /no discovery document at .*openid-configuration \(status 404\)/,
    );
  });

  test('fails if the issuer cannot be reached', async () => {
    await expect(create('http://127.0.0.1:1')).rejects.toThrow(/no discovery document at/);
  });

  test('fails if the discovery document names another issuer', async () => {
    const { url } = await startIssuer();
    await expect(create(`${url}/.`)).rejects.toThrow(/names another issuer/);
  });
});
