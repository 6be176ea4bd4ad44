import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import type { ClientKey } from '../../src/clients/client.ts';
import { jwtSigner } from '../../src/keys/sign-jwt.ts';
import { introspectToken, signIntrospection } from '../../src/oauth/introspection.ts';
import { issueToken } from '../../src/oauth/token-request.ts';
import { jwtBy, partnerKey } from './client-keys.ts';
import { clientCredentials } from './partner.ts';
import { basic, memoryStage } from './stage.ts';

const stages = {
  'at+jwt': await memoryStage('sandbox', 'RS256', { accessTokenType: 'at+jwt' }),
  JWT: await memoryStage('sandbox', 'RS256', { accessTokenType: 'JWT' }),
};
type Type = keyof typeof stages;

async function tokenOf(type: Type) {
  const { client, secret = '' } = await stages[type].register({ mayIntrospect: true });
  const authorization = basic(client.id, secret);
  const parameters = { grant_type: clientCredentials, scope: 'orders:read' };
  const issued = await issueToken({ authorization, parameters }, stages[type].tokens);
  assert.ok(issued.ok);
  return { token: issued.value.response.access_token, authorization, client };
}

/** An access token of the stage with another `typ`, signed by its key. */
async function retyped(type: Type, typ: string) {
  const { token } = await tokenOf(type);
  return jwtSigner(stages[type].signingKey, typ)(decodeJwt(token));
}

const reasonOf = async (type: Type, token: string) => {
  const verified = await stages[type].verifyToken(token);
  return verified.ok ? undefined : verified.error.reason;
};

describe.each(['at+jwt', 'JWT'] as const)('access tokens of typ %s', (type) => {
  const other = type === 'JWT' ? 'at+jwt' : 'JWT';

  test('have this typ, and are accepted', async () => {
    const { token } = await tokenOf(type);
    expect(decodeProtectedHeader(token).typ).toBe(type);
    expect(await reasonOf(type, token)).toBeUndefined();
  });

  // RFC 7515 §4.1.9: the prefix application/ may be left out, and media types ignore case.
  test.each([type.toLowerCase(), `application/${type.toLowerCase()}`])(
    'are accepted as %s, which is the same',
    async (typ) => {
      expect(await reasonOf(type, await retyped(type, typ))).toBeUndefined();
    },
  );

  test.each([other, 'token-introspection+jwt', 'dpop+jwt', 'secevent+jwt', 'logout+jwt', ''])(
    'are refused with the typ "%s"',
    async (typ) => {
      expect(await reasonOf(type, await retyped(type, typ))).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
    },
  );

  test('are told from an introspection response by its typ', async () => {
    const { token, authorization } = await tokenOf(type);
    const { introspection } = stages[type];
    const introspected = await introspectToken(authorization, { token }, introspection);
    assert.ok(introspected.ok);
    const jwt = await signIntrospection(introspected.value, introspection);
    expect(await reasonOf(type, jwt)).toBe('ERR_JWT_CLAIM_VALIDATION_FAILED');
  });

  test('are told from an introspection response by its claims, whatever its typ', async () => {
    const { token, authorization, client } = await tokenOf(type);
    const { introspection, signingKey } = stages[type];
    const introspected = await introspectToken(authorization, { token }, introspection);
    assert.ok(introspected.ok);
    const claims = decodeJwt(await signIntrospection(introspected.value, introspection));
    // What resource servers read that do not check typ: no subject, no scope, no expiry, and an aud that is a client.
    expect(Object.keys(claims)).toStrictEqual(['iss', 'aud', 'iat', 'token_introspection']);
    expect(claims.aud).toBe(client.id);
    expect(await reasonOf(type, jwtSigner(signingKey, type)(claims))).toBe('incomplete_claims');
  });

  test('are told from an assertion by its key, whatever its typ', async () => {
    const key = await partnerKey('RS256');
    const { client } = await stages[type].register({ keys: [key.publicKey] });
    const { token } = await tokenOf(type);
    const claims = { ...decodeJwt(token), iss: client.id, sub: client.id };
    expect(await reasonOf(type, await jwtBy(key, claims, { typ: type }))).toBe('ERR_JWKS_NO_MATCHING_KEY');
  });

  test('are not accepted as an assertion of a client that has registered the key of the stage', async () => {
    const { issuer, tokens, signingKey } = stages[type];
    const { kid, n = '', e = '' } = signingKey;
    const key: ClientKey = { kty: 'RSA', kid, kidSource: 'partner', algorithms: ['RS256'], n, e };
    const { client } = await stages[type].register({ keys: [key], audiences: [] });
    const { token } = await tokenOf(type);
    const own = { ...decodeJwt(token), client_id: client.id, sub: client.id };
    const client_assertion = jwtSigner(stages[type].signingKey, type)(own);
    const refused = await issueToken(
      {
        authorization: undefined,
        parameters: {
          grant_type: clientCredentials,
          client_assertion,
          client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        },
      },
      tokens,
    );
    expect(own.iss).toBe(issuer);
    expect(refused.ok).toBe(false);
  });
});
