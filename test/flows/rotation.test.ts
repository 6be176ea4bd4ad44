import { describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { operatorJson } from './operator.ts';
import { startInProcess } from './stage-in-process.ts';
import { sandboxRecord } from './variants.ts';
import { call, postJson } from './wire.ts';

const sandbox = await startInProcess(sandboxRecord);
const { url, issuer, salesChannel, integration } = sandbox;

async function publishedKids() {
  const { body } = await call(`${url}/.well-known/jwks.json`);
  return (body['keys'] as { kid: string }[]).map(({ kid }) => kid);
}

describe('signing keys', () => {
  test('a rotation during traffic keeps every token valid for a verifier that caches the keys', async () => {
    const options = { cacheMaxAge: Infinity, cooldownDuration: Infinity };
    const cached = createRemoteJWKSet(new URL(`${url}/.well-known/jwks.json`), options);
    const before = await publishedKids();
    const state = { rotating: true };
    const traffic = async () => {
      // The last token is requested after the rotation.
      for (let isLast = false; !isLast;) {
        isLast = !state.rotating;
        const scope = 'market:id:a';
        const { status, body } = await postJson(`${url}/oauth/token`, {
          grant_type: 'client_credentials',
          client_id: salesChannel.clientId,
          scope,
        });
        expect(status).toBe(200);
        await jwtVerify(String(body['access_token']), cached, { issuer, typ: 'at+jwt' });
      }
    };
    const verifying = Promise.all([traffic(), traffic()]);
    await operatorJson(sandbox, 'key', 'rotate');
    state.rotating = false;
    await verifying;

    const published = await publishedKids();
    expect(published.length).toBe(3);
    expect(before.every((kid) => published.includes(kid))).toBe(true);
    const listed = await operatorJson(sandbox, 'key', 'list');
    expect(JSON.stringify(listed)).toContain(published[0] ?? '');
  });

  test('a revoked key is no longer published, and its tokens are refused at once', async () => {
    const { clientId, clientSecret } = integration;
    const { body } = await postJson(`${url}/oauth/token`, {
      grant_type: 'client_credentials',
      client_id: clientId,
      client_secret: clientSecret,
    });
    const token = String(body['access_token']);
    const users = `${url}/rest/v1/users/MAG0`;
    const headers = { authorization: `Bearer ${token}` };
    // The authorizer accepts the token; the API refuses it because the client has no account.
    expect((await call(users, { headers })).status).toBe(403);
    const { kid } = JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as {
      kid: string;
    };
    await operatorJson(sandbox, 'key', 'revoke', kid, '--yes');
    expect(await publishedKids()).not.toContain(kid);
    expect((await call(users, { headers })).status).toBe(401);
  });
});
