import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import type {
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import { build } from 'esbuild';
import { callerOf, requireScope } from '../src/caller.ts';
import type { Caller, Denied } from '../src/caller.ts';
import { requestError } from '../src/errors.ts';
import type { RequestError } from '../src/errors.ts';
import { denialContext } from '../src/http/authorizer-context.ts';
import { errorResponse, withRepeatedChallenge } from '../src/http/error-response.ts';

const behindLambda = (context: object) => ({ requestContext: { authorizer: { lambda: context } } });
const behindJwt = (claims: object) => ({ requestContext: { authorizer: { jwt: { claims, scopes: null } } } });
const accepted = (caller: Caller | Denied): Caller => {
  assert.ok(!caller.denied);
  return caller;
};
const refused = (caller: Caller | Denied): Denied => {
  assert.ok(caller.denied);
  return caller;
};

describe('callerOf', () => {
  test('reads client, scopes and claims behind the Lambda authorizer', () => {
    const context = { client_id: 'acme', scope: 'orders:read orders:write', trading_partner_ids: 'p-1' };
    const caller = accepted(callerOf(behindLambda(context)));
    expect(caller).toStrictEqual({
      denied: false,
      clientId: 'acme',
      account: undefined,
      scopes: ['orders:read', 'orders:write'],
      claims: context,
    });
  });

  test('reads the account of a session, which has no scopes', () => {
    const caller = accepted(callerOf(behindLambda({ client_id: 'AQ1', scope: '', account: 'MAG1' })));
    expect(caller).toMatchObject({ account: 'MAG1', scopes: [] });
  });

  test("reads the claims of API Gateway's JWT authorizer", () => {
    const claims = { iss: 'https://auth.example.com', client_id: 'acme', scope: 'orders:read', exp: '1' };
    const caller = accepted(callerOf(behindJwt(claims)));
    expect(caller).toMatchObject({ clientId: 'acme', scopes: ['orders:read'], claims });
  });

  test('takes the events of @types/aws-lambda, and returns what they return', () => {
    const withLambda = (event: APIGatewayProxyEventV2WithLambdaAuthorizer<object>) => callerOf(event);
    const withJwt = (event: APIGatewayProxyEventV2WithJWTAuthorizer) => callerOf(event);
    const respond = ({ response }: Denied): APIGatewayProxyStructuredResultV2 => response;
    expect([withLambda, withJwt, respond]).toHaveLength(3);
  });

  test.each([
    ['no authorizer', { requestContext: {} }],
    ['an empty context', behindLambda({})],
    ['a context that is no object', { requestContext: { authorizer: { lambda: 'acme' } } }],
    ['a context without a scope', behindLambda({ client_id: 'acme' })],
    ['a client id that is no string', behindLambda({ client_id: 1, scope: 'orders:read' })],
    ['an unknown error beside a client', behindLambda({ error: 'new', client_id: 'acme', scope: 'a' })],
  ])('denies %s like a request without a token', (_, event) => {
    const { error, response } = refused(callerOf(event));
    expect(error).toBe('');
    expect(response.statusCode).toBe(401);
    expect(response.headers['www-authenticate']).toBe('Bearer realm="api"');
  });

  /** All that the authorizer states, in `integration` mode. */
  const errors: [string, RequestError][] = [
    ['missing_token', requestError('missing_token')],
    ['invalid_token', requestError('invalid_token')],
    ['account_disabled', requestError('account_disabled')],
    ['insufficient_scope', requestError('insufficient_scope', undefined, { scope: 'orders:read' })],
    ['a DPoP proof', requestError('resource_dpop_proof', 'Its "htu" is another.', { challenge: 'DPoP' })],
    ['a DPoP nonce', requestError('resource_dpop_nonce', undefined, { challenge: 'DPoP', dpopNonce: 'n1' })],
    ['temporarily_unavailable', requestError('temporarily_unavailable')],
    ['server_error', requestError('server_error')],
  ];
  test.each(errors)('responds to %s as our own endpoints do', (_, error) => {
    const event = behindLambda(denialContext(error));
    const expected = errorResponse(error, 'rfc6749', 'sandbox');
    expect(refused(callerOf(event, { realm: 'sandbox' })).response).toStrictEqual(expected);
    const repeated = refused(callerOf(event, { realm: 'sandbox', restoreChallenges: true }));
    expect(repeated.response).toStrictEqual(withRepeatedChallenge(expected));
  });
});

describe('requireScope', () => {
  const event = behindLambda({ client_id: 'acme', scope: 'orders:read' });

  test('returns a caller whose token has the scope', () => {
    const caller = callerOf(event);
    expect(requireScope(caller, 'orders:read')).toBe(caller);
  });

  test('denies a caller whose token lacks it, as the authorizer would', () => {
    const error = requestError('insufficient_scope', undefined, { scope: 'orders:cancel' });
    const denied = refused(requireScope(callerOf(event), 'orders:cancel', { realm: 'sandbox' }));
    expect(denied.response).toStrictEqual(errorResponse(error, 'rfc6749', 'sandbox'));
  });

  test('takes no part of a scope for the scope', () => {
    expect(requireScope(callerOf(event), 'orders:re').denied).toBe(true);
  });

  test('leaves a denied caller as it is', () => {
    const denied = callerOf(behindLambda({ error: 'invalid_token' }));
    expect(requireScope(denied, 'orders:read')).toBe(denied);
  });
});

test('postern/caller has less than 5 KB, bundled and minified', async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../src/caller.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    write: false,
    metafile: true,
  });
  expect(Object.keys(metafile.inputs)).toHaveLength(1);
  expect(outputFiles[0]?.contents.length).toBeLessThan(5 * 1_024);
});
