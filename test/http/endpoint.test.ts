import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { requestError } from '../../src/errors.ts';
import type { RequestError } from '../../src/errors.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import type { ErrorDialect } from '../../src/http/error-bodies.ts';
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

async function answerTo(error: RequestError, dialect: ErrorDialect = 'rfc6749') {
  const response = await failingEndpoint(async () => failed(error), dialect)();
  return { ...response, body: JSON.parse(response.body ?? '') as unknown };
}

test('an error is two members, never cached', async () => {
  const { statusCode, headers, body } = await answerTo(requestError('invalid_scope', 'Ask for less.'));
  expect(statusCode).toBe(400);
  expect(body).toStrictEqual({ error: 'invalid_scope', error_description: 'Ask for less.' });
  expect(headers).toStrictEqual({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  });
});

test('the EQP dialect says the status in the body', async () => {
  const { statusCode, body } = await answerTo(requestError('invalid_client'), 'eqp');
  expect(statusCode).toBe(401);
  expect(body).toStrictEqual({ code: 401, message: 'Client authentication failed.' });
});

test('challenges who tried Basic, and who brought no, a bad, or too weak a token', async () => {
  const challenge = async (error: RequestError) => (await answerTo(error)).headers?.['www-authenticate'];
  expect(await challenge(requestError('invalid_client'))).toBeUndefined();
  expect(await challenge(requestError('invalid_client', undefined, { challenge: 'Basic' }))).toBe(
    'Basic realm="sandbox"',
  );
  expect(await challenge(requestError('missing_token'))).toBe('Bearer realm="sandbox"');
  expect(String(await challenge(requestError('invalid_token')))).toMatch(
    /^Bearer realm="sandbox", error="invalid_token", /,
  );
  expect(
    String(await challenge(requestError('insufficient_scope', undefined, { scope: 'orders:read' }))),
  ).toMatch(/error="insufficient_scope", .*, scope="orders:read"$/);
});

test('a nonce for the next proof is in a header, at the token endpoint and at a resource', async () => {
  const dpopNonce = 'n-1';
  const atToken = await answerTo(requestError('use_dpop_nonce', undefined, { dpopNonce }));
  expect([atToken.statusCode, atToken.headers?.['dpop-nonce']]).toStrictEqual([400, 'n-1']);
  expect(atToken.headers?.['www-authenticate']).toBeUndefined();
  const atResource = await answerTo(
    requestError('resource_dpop_nonce', undefined, { dpopNonce, challenge: 'DPoP' }),
  );
  expect([atResource.statusCode, atResource.headers?.['dpop-nonce']]).toStrictEqual([401, 'n-1']);
  expect(String(atResource.headers?.['www-authenticate'])).toMatch(
    /^DPoP realm="sandbox", error="use_dpop_nonce", .*algs="/,
  );
});

test('a description keeps to the characters that RFC 6749 §5.2 allows', async () => {
  const { body } = await answerTo(requestError('invalid_request', 'a"b\\c\r\nSet-Cookie: x=1\u{1F600}'));
  expect(body).toStrictEqual({ error: 'invalid_request', error_description: 'a?b?c??Set-Cookie: x=1??' });
});

test('a store that cannot be reached is 503 with Retry-After, anything else that is thrown is 500', async () => {
  const failing = (thrown: unknown) => failingEndpoint(() => Promise.reject(thrown))();
  const unavailable = await failing(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
  expect(unavailable.statusCode).toBe(503);
  expect(unavailable.headers?.['retry-after']).toBe('2');
  expect(unavailable.log).toMatch(/DynamoDB is unavailable: Error ECONNREFUSED/);

  const broken = await failing(new Error('secret detail'));
  expect(broken.statusCode).toBe(500);
  assert.ok(!broken.body?.includes('secret detail'));
  expect(broken.log).toMatch(/"level":"ERROR".*"requestId":"r1"/);
});
