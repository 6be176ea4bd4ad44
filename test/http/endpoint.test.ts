import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { oauthError } from '../../src/errors.ts';
import type { OAuthError } from '../../src/errors.ts';
import { endpoint } from '../../src/http/endpoint.ts';
import type { ErrorDialect } from '../../src/http/error-response.ts';
import { Unavailable } from '../../src/unavailable.ts';

const event = {
  headers: {},
  rawPath: '/',
  requestContext: { requestId: 'r1' },
} as unknown as APIGatewayProxyEventV2;

/** Runs `work` and gives back the log lines that it wrote. */
async function logged<Value>(work: () => Promise<Value>) {
  const lines: string[] = [];
  const write = process.stdout.write;
  process.stdout.write = (line: string | Uint8Array) => lines.push(String(line)) > 0;
  try {
    return { value: await work(), log: lines.join('') };
  } finally {
    process.stdout.write = write;
  }
}

async function answerTo(error: OAuthError, dialect: ErrorDialect = 'rfc6749') {
  const handler = endpoint({ dialect, stage: 'sandbox', handle: async () => ({ ok: false, error }) });
  const { value } = await logged(() => handler(event));
  return { ...value, body: JSON.parse(value.body ?? '') as unknown };
}

test('an error is two members, never cached', async () => {
  const { statusCode, headers, body } = await answerTo(oauthError('invalid_scope', 'Ask for less.'));
  assert.equal(statusCode, 400);
  assert.deepEqual(body, { error: 'invalid_scope', error_description: 'Ask for less.' });
  assert.deepEqual(headers, {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    pragma: 'no-cache',
  });
});

test('the EQP dialect says the status in the body', async () => {
  const { statusCode, body } = await answerTo(oauthError('invalid_client'), 'eqp');
  assert.equal(statusCode, 401);
  assert.deepEqual(body, { code: 401, message: 'Client authentication failed.' });
});

test('challenges who tried Basic, and who brought no, a bad, or too weak a token', async () => {
  const challenge = async (error: OAuthError) => (await answerTo(error)).headers?.['www-authenticate'];
  assert.equal(await challenge(oauthError('invalid_client')), undefined);
  assert.equal(
    await challenge(oauthError('invalid_client', undefined, { challenge: 'Basic' })),
    'Basic realm="sandbox"',
  );
  assert.equal(await challenge(oauthError('missing_token')), 'Bearer realm="sandbox"');
  assert.match(
    String(await challenge(oauthError('invalid_token'))),
    /^Bearer realm="sandbox", error="invalid_token", /,
  );
  assert.match(
    String(await challenge(oauthError('insufficient_scope', undefined, { scope: 'orders:read' }))),
    /error="insufficient_scope", .*, scope="orders:read"$/,
  );
});

test('a nonce for the next proof is in a header, at the token endpoint and at a resource', async () => {
  const dpopNonce = 'n-1';
  const atToken = await answerTo(oauthError('use_dpop_nonce', undefined, { dpopNonce }));
  assert.deepEqual([atToken.statusCode, atToken.headers?.['dpop-nonce']], [400, 'n-1']);
  assert.equal(atToken.headers?.['www-authenticate'], undefined);
  const atResource = await answerTo(
    oauthError('resource_dpop_nonce', undefined, { dpopNonce, challenge: 'DPoP' }),
  );
  assert.deepEqual([atResource.statusCode, atResource.headers?.['dpop-nonce']], [401, 'n-1']);
  assert.match(
    String(atResource.headers?.['www-authenticate']),
    /^DPoP realm="sandbox", error="use_dpop_nonce", .*algs="/,
  );
});

test('a description keeps to the characters that RFC 6749 §5.2 allows', async () => {
  const { body } = await answerTo(oauthError('invalid_request', 'a"b\\c\r\nSet-Cookie: x=1\u{1F600}'));
  assert.deepEqual(body, { error: 'invalid_request', error_description: 'a?b?c??Set-Cookie: x=1??' });
});

test('a store that cannot be reached is 503 with Retry-After, anything else that is thrown is 500', async () => {
  const failing = (thrown: unknown) =>
    endpoint({ dialect: 'rfc6749', stage: 'sandbox', handle: () => Promise.reject(thrown) });
  const unavailable = await logged(() =>
    failing(new Unavailable('DynamoDB', new Error('ECONNREFUSED')))(event),
  );
  assert.equal(unavailable.value.statusCode, 503);
  assert.equal(unavailable.value.headers?.['retry-after'], '2');
  assert.match(unavailable.log, /DynamoDB is unavailable: Error ECONNREFUSED/);

  const broken = await logged(() => failing(new Error('secret detail'))(event));
  assert.equal(broken.value.statusCode, 500);
  assert.ok(!broken.value.body?.includes('secret detail'));
  assert.match(broken.log, /"level":"ERROR".*"requestId":"r1"/);
});
