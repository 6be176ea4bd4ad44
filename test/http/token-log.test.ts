import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { ClientRegistration } from '../../src/clients/registration-rules.ts';
import type { RequestHandler } from '../../src/http/endpoint.ts';
import { revocationEndpoint } from '../../src/http/endpoints/revocation.ts';
import { sessionTokenEndpoint } from '../../src/http/endpoints/session-token.ts';
import { tokenEndpoint } from '../../src/http/endpoints/token.ts';
import type { LogFields } from '../../src/log.ts';
import { hashSessionToken } from '../../src/sessions/session-token.ts';
import { dpopProof, partnerKey } from '../oauth/client-keys.ts';
import { basic, memoryStage } from '../oauth/stage.ts';

const stage = await memoryStage();
const account = await stage.account();

/** Sends a form as a client, and returns the response and what was logged. */
async function send(
  endpointWith: (log: (level: string, fields: LogFields) => void) => RequestHandler,
  authorization: string,
  form: Record<string, string>,
  headers: Record<string, string> = {},
) {
  const logged: LogFields[] = [];
  const handle = endpointWith((_level, fields) => logged.push(fields));
  const result = await handle({
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: Buffer.from(new URLSearchParams(form).toString()),
    query: {},
    pathParameters: {},
    authorizer: undefined,
    requestId: 'r1',
  });
  const body = result.ok ? (JSON.parse(result.value.body ?? '{}') as Record<string, unknown>) : {};
  return { result, body, logged };
}

async function client(registration: Partial<ClientRegistration> = {}) {
  const { client: registered, secret = '' } = await stage.register(registration);
  return { id: registered.id, secret, authorization: basic(registered.id, secret) };
}

const requestToken = (authorization: string, headers: Record<string, string> = {}) =>
  send(
    (log) => tokenEndpoint({ ...stage.tokens, log }),
    authorization,
    { grant_type: 'client_credentials', scope: 'orders:read' },
    headers,
  );
const openSession = (authorization: string) =>
  send((log) => sessionTokenEndpoint({ ...stage.sessionTokens, log }), authorization, {
    grant_type: 'session',
  });
const revoke = (authorization: string, token: string) =>
  send((log) => revocationEndpoint({ ...stage.revocation, log }), authorization, { token });

/** A log must contain no part of a token from which the rest could be guessed, and no secret. */
function expectNoCredential(logged: readonly LogFields[], ...credentials: readonly string[]) {
  const lines = JSON.stringify(logged);
  for (const part of credentials.flatMap((credential) => credential.split('.'))) {
    expect(lines).not.toContain(part);
  }
}

describe('log of an issued access token', () => {
  test('names the token and the key that signed it, and contains neither token nor secret', async () => {
    const { id, secret, authorization } = await client();
    const { body, logged } = await requestToken(authorization);
    const token = String(body['access_token']);
    expect(logged).toStrictEqual([
      {
        event: 'token_issued',
        requestId: 'r1',
        clientId: id,
        grantType: 'client_credentials',
        scope: 'orders:read',
        jti: decodeJwt(token).jti,
        kid: decodeProtectedHeader(token).kid,
      },
    ]);
    expectNoCredential(logged, token, secret);
  });

  test('has the client whose DPoP proof is refused', async () => {
    const { id, authorization } = await client();
    const proof = { htm: 'GET', htu: `${stage.issuer}/oauth/token`, iat: stage.time.now };
    const { result } = await requestToken(authorization, {
      dpop: await dpopProof(await partnerKey(), proof),
    });
    assert.ok(!result.ok);
    expect([result.error.code, result.error.clientId]).toStrictEqual(['invalid_dpop_proof', id]);
  });
});

describe('log of a session', () => {
  test('names it by its hash when it is opened, and contains neither token nor secret', async () => {
    const { id, secret, authorization } = await client({ account });
    const { body, logged } = await openSession(authorization);
    const token = String(body['ust']);
    expect(logged).toStrictEqual([
      {
        event: 'session_opened',
        requestId: 'r1',
        clientId: id,
        grantType: 'session',
        sessionId: hashSessionToken(token),
      },
    ]);
    expectNoCredential(logged, token, secret);
  });
});

describe('log of a revocation', () => {
  test('names a JWT that was revoked, and the key that signed it', async () => {
    const { id, authorization } = await client();
    const token = String((await requestToken(authorization)).body['access_token']);
    const { logged } = await revoke(authorization, token);
    expect(logged).toStrictEqual([
      {
        event: 'token_revoked',
        requestId: 'r1',
        clientId: id,
        tokenKind: 'jwt',
        jti: decodeJwt(token).jti,
        kid: decodeProtectedHeader(token).kid,
      },
    ]);
    expectNoCredential(logged, token);
  });

  test('names a session that was revoked as when it was opened', async () => {
    const { id, authorization } = await client({ account });
    const opened = await openSession(authorization);
    const token = String(opened.body['ust']);
    const { logged } = await revoke(authorization, token);
    expect(logged).toStrictEqual([
      {
        event: 'token_revoked',
        requestId: 'r1',
        clientId: id,
        tokenKind: 'session',
        sessionId: opened.logged[0]?.sessionId,
      },
    ]);
    expectNoCredential(logged, token);
  });

  test('says that an unknown token was not revoked, and nothing of the token', async () => {
    const { id, authorization } = await client();
    const { logged } = await revoke(authorization, 'unknown-token');
    expect(logged).toStrictEqual([{ event: 'token_unknown', requestId: 'r1', clientId: id }]);
  });
});
