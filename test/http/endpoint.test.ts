import { describe, expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { errorTable, requestError } from '../../src/errors.ts';
import type { ErrorCode, RequestError } from '../../src/errors.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import type { ErrorDialect } from '../../src/http/error-response.ts';
import { jsonLog } from '../../src/log.ts';
import { failed } from '../../src/result.ts';
import type { Result } from '../../src/result.ts';
import { Unavailable } from '../../src/unavailable.ts';

const event = {
  headers: {},
  rawPath: '/',
  requestContext: { requestId: 'r1' },
} as unknown as APIGatewayProxyEventV2;

/** An endpoint that always fails, and the log lines that it writes. */
function failingEndpoint(
  handle: () => Promise<Result<never, RequestError>>,
  dialect: ErrorDialect = 'rfc6749',
) {
  const lines: string[] = [];
  const log = jsonLog({ write: (line) => lines.push(line) });
  const handler = endpoint({ dialect, stage: 'sandbox', log, handle });
  return async () => ({ ...(await handler(event)), log: lines.join('') });
}

async function responseTo(error: RequestError, dialect: ErrorDialect = 'rfc6749') {
  const response = await failingEndpoint(async () => failed(error), dialect)();
  return { ...response, body: JSON.parse(response.body ?? '') as unknown };
}

describe('error response', () => {
  test('has two members, and must not be cached', async () => {
    const { statusCode, headers, body } = await responseTo(requestError('invalid_scope', 'Ask for less.'));
    expect(statusCode).toBe(400);
    expect(body).toStrictEqual({ error: 'invalid_scope', error_description: 'Ask for less.' });
    expect(headers).toStrictEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
    });
  });

  test('has the status in its body in the dialect of EQP', async () => {
    const { statusCode, body } = await responseTo(requestError('invalid_client'), 'eqp');
    expect(statusCode).toBe(401);
    expect(body).toStrictEqual({ code: 401, message: 'Client authentication failed.' });
  });

  test.each<[ErrorDialect, object]>([
    [
      'rfc6749',
      { error: 'insufficient_scope', error_description: 'It is not enough.', scope: 'orders:read' },
    ],
    ['eqp', { code: 403, message: 'It is not enough. It needs the scope orders:read.' }],
    ['commercelayer', { errors: [expect.objectContaining({ meta: { scope: 'orders:read' } })] }],
  ])('repeats the needed scope of its challenge in the dialect %s', async (dialect, expected) => {
    const error = requestError('insufficient_scope', 'It is not enough.', { scope: 'orders:read' });
    expect((await responseTo(error, dialect)).body).toMatchObject(expected);
  });

  test('has only characters in its description that RFC 6749 §5.2 allows', async () => {
    const { body } = await responseTo(requestError('invalid_request', 'a"b\\c\r\nSet-Cookie: x=1\u{1F600}'));
    expect(body).toStrictEqual({
      error: 'invalid_request',
      error_description: 'a?b?c??Set-Cookie: x=1??',
    });
  });
});

describe('challenge of an error response', () => {
  const challenge = async (error: RequestError) => (await responseTo(error)).headers?.['www-authenticate'];

  test('is Basic for a client that is not authenticated', async () => {
    expect(await challenge(requestError('invalid_client'))).toBe('Basic realm="sandbox"');
  });

  const codes = Object.keys(errorTable) as ErrorCode[];
  test.each(codes.filter((code) => errorTable[code].status === 401))(
    'is in every response with 401: %s',
    async (code) => {
      expect(await challenge(requestError(code))).toMatch(/^(?:Basic|Bearer) realm="sandbox"/);
    },
  );

  test('is Bearer without an error for a missing token', async () => {
    expect(await challenge(requestError('missing_token'))).toBe('Bearer realm="sandbox"');
  });

  test('is Bearer with the error for an invalid token', async () => {
    expect(await challenge(requestError('invalid_token'))).toMatch(
      /^Bearer realm="sandbox", error="invalid_token", /,
    );
  });

  test('names the required scope for a token without it', async () => {
    const error = requestError('insufficient_scope', undefined, { scope: 'orders:read' });
    expect(await challenge(error)).toMatch(/error="insufficient_scope", .*, scope="orders:read"$/);
  });
});

describe('body of the error of a request without a token', () => {
  test('has no error code in the form of RFC 6749 (RFC 6750 §3.1)', async () => {
    const { body } = await responseTo(requestError('missing_token'));
    expect(body).toStrictEqual({ error_description: 'An access token is required.' });
  });

  test("has no error code in Commerce Layer's dialect either, beside an entry of errors", async () => {
    const { body } = await responseTo(requestError('missing_token'), 'commercelayer');
    expect(body).toStrictEqual({
      error_description: 'An access token is required.',
      errors: [
        {
          title: 'missing_token',
          detail: 'An access token is required.',
          code: 'UNAUTHORIZED',
          status: 401,
          meta: {},
        },
      ],
    });
  });
});

describe('error response to a body that is not supported', () => {
  const types = 'application/x-www-form-urlencoded, application/json';

  test.each([
    ['missing_media_type', 'accept', types, /^Content-Type is missing/],
    ['unsupported_media_type', 'accept', types, /media type of the body is not supported/],
    ['unsupported_content_coding', 'accept-encoding', 'identity', /Content-Encoding may only be identity/],
  ] as const)('is 415 and names the cause and what is supported: %s', async (code, name, value, cause) => {
    const { statusCode, headers, body } = await responseTo(requestError(code));
    expect(statusCode).toBe(415);
    expect(headers?.[name]).toBe(value);
    expect(body).toMatchObject({ error_description: expect.stringMatching(cause) });
  });
});

describe('challenge of an endpoint that restores challenges', () => {
  const headersOf = async (error: RequestError) => {
    const log = jsonLog({ write: () => true });
    const handle = async () => failed(error);
    const handler = endpoint({ dialect: 'eqp', stage: 'sandbox', restoreChallenges: true, log, handle });
    return (await handler(event)).headers;
  };

  test('is repeated in a header of our own', async () => {
    const headers = await headersOf(requestError('missing_token'));
    expect(headers).toMatchObject({
      'www-authenticate': 'Bearer realm="sandbox"',
      'postern-challenge': 'Bearer realm="sandbox"',
    });
  });

  test('is absent if the response has none', async () => {
    expect(await headersOf(requestError('invalid_request'))).not.toHaveProperty('postern-challenge');
  });
});

describe('DPoP nonce of an error response', () => {
  const dpopNonce = 'n-1';

  test('is in a header without a challenge at the token endpoint', async () => {
    const response = await responseTo(requestError('use_dpop_nonce', undefined, { dpopNonce }));
    expect([response.statusCode, response.headers?.['dpop-nonce']]).toStrictEqual([400, 'n-1']);
    expect(response.headers?.['www-authenticate']).toBeUndefined();
  });

  test('is in a header with a challenge at a resource', async () => {
    const response = await responseTo(
      requestError('resource_dpop_nonce', undefined, { dpopNonce, challenge: 'DPoP' }),
    );
    expect([response.statusCode, response.headers?.['dpop-nonce']]).toStrictEqual([401, 'n-1']);
    expect(response.headers?.['www-authenticate']).toMatch(
      /^DPoP realm="sandbox", error="use_dpop_nonce", .*algs="/,
    );
  });
});

describe('endpoint that throws', () => {
  const failing = (thrown: unknown) => failingEndpoint(() => Promise.reject(thrown))();

  test('responds with 503 and Retry-After if a store is unavailable', async () => {
    const unavailable = await failing(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
    expect(unavailable.statusCode).toBe(503);
    expect(unavailable.headers?.['retry-after']).toBe('2');
    expect(unavailable.log).toMatch(/DynamoDB is unavailable: Error ECONNREFUSED/);
  });

  test('responds with 500 and no detail to any other error, and logs it', async () => {
    const broken = await failing(new Error('secret detail'));
    expect(broken.statusCode).toBe(500);
    expect(broken.body ?? '').not.toContain('secret detail');
    expect(broken.log).toMatch(/"level":"ERROR".*"requestId":"r1"/);
  });
});
