import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { requestError } from '../../src/errors.ts';
import type { RequestError } from '../../src/errors.ts';
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

async function answerTo(error: RequestError, dialect: ErrorDialect = 'rfc6749') {
  const response = await failingEndpoint(async () => failed(error), dialect)();
  return { ...response, body: JSON.parse(response.body ?? '') as unknown };
}

test('an error is two members, never cached', async () => {
  const { statusCode, headers, body } = await answerTo(requestError('invalid_scope', 'Ask for less.'));
  assert.equal(statusCode, 400);
  assert.deepEqual(body, { error: 'invalid_scope', error_description: 'Ask for less.' });
  assert.deepEqual(headers, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  });
});

test('the EQP dialect says the status in the body', async () => {
  const { statusCode, body } = await answerTo(requestError('invalid_client'), 'eqp');
  assert.equal(statusCode, 401);
  assert.deepEqual(body, { code: 401, message: 'Client authentication failed.' });
});

test('challenges who tried Basic, and who brought no, a bad, or too weak a token', async () => {
  const challenge = async (error: RequestError) => (await answerTo(error)).headers?.['www-authenticate'];
  assert.equal(await challenge(requestError('invalid_client')), undefined);
  assert.equal(
    await challenge(requestError('invalid_client', undefined, { challenge: 'Basic' })),
    'Basic realm="sandbox"',
  );
  assert.equal(await challenge(requestError('missing_token')), 'Bearer realm="sandbox"');
  assert.match(
    String(await challenge(requestError('invalid_token'))),
    /^Bearer realm="sandbox", error="invalid_token", /,
  );
  assert.match(
    String(await challenge(requestError('insufficient_scope', undefined, { scope: 'orders:read' }))),
    /error="insufficient_scope", .*, scope="orders:read"$/,
  );
});

test('a nonce for the next proof is in a header, at the token endpoint and at a resource', async () => {
  const dpopNonce = 'n-1';
  const atToken = await answerTo(requestError('use_dpop_nonce', undefined, { dpopNonce }));
  assert.deepEqual([atToken.statusCode, atToken.headers?.['dpop-nonce']], [400, 'n-1']);
  assert.equal(atToken.headers?.['www-authenticate'], undefined);
  const atResource = await answerTo(
    requestError('resource_dpop_nonce', undefined, { dpopNonce, challenge: 'DPoP' }),
  );
  assert.deepEqual([atResource.statusCode, atResource.headers?.['dpop-nonce']], [401, 'n-1']);
  assert.match(
    String(atResource.headers?.['www-authenticate']),
    /^DPoP realm="sandbox", error="use_dpop_nonce", .*algs="/,
  );
});

test('a description keeps to the characters that RFC 6749 §5.2 allows', async () => {
  const { body } = await answerTo(requestError('invalid_request', 'a"b\\c\r\nSet-Cookie: x=1\u{1F600}'));
  assert.deepEqual(body, { error: 'invalid_request', error_description: 'a?b?c??Set-Cookie: x=1??' });
});

test('a store that cannot be reached is 503 with Retry-After, anything else that is thrown is 500', async () => {
  const failing = (thrown: unknown) => failingEndpoint(() => Promise.reject(thrown))();
  const unavailable = await failing(new Unavailable('DynamoDB', new Error('ECONNREFUSED')));
  assert.equal(unavailable.statusCode, 503);
  assert.equal(unavailable.headers?.['retry-after'], '2');
  assert.match(unavailable.log, /DynamoDB is unavailable: Error ECONNREFUSED/);

  const broken = await failing(new Error('secret detail'));
  assert.equal(broken.statusCode, 500);
  assert.ok(!broken.body?.includes('secret detail'));
  assert.match(broken.log, /"level":"ERROR".*"requestId":"r1"/);
});
