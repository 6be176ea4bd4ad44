import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { issueToken } from '../../src/oauth/token-request.ts';
import { openSession } from '../../src/sessions/session-request.ts';
import { basic, memoryStage } from './stage.ts';

const stage = await memoryStage();
const allowedOrigins = ['https://shop.example.com', 'http://localhost:5173'];
const channel = await stage.register({ kind: 'sales_channel', scopes: ['market:*'], allowedOrigins });
const anywhere = await stage.register({ kind: 'sales_channel', scopes: ['market:*'] });

const request = (client_id: string, origin?: string) =>
  issueToken(
    {
      authorization: undefined,
      origin,
      parameters: { grant_type: 'client_credentials', client_id, scope: 'market:all' },
    },
    stage.tokens,
  );

describe('token request of a client with allowed origins', () => {
  test.each([undefined, ...allowedOrigins])('is granted from %s', async (origin) => {
    expect((await request(channel.client.id, origin)).ok).toBe(true);
  });

  test.each([
    ['another host', 'https://evil.example.com'],
    ['another scheme', 'http://shop.example.com'],
    ['another port', 'http://localhost:5174'],
    ['the default port, which browsers leave out', 'https://shop.example.com:443'],
    ['upper case, which browsers do not send', 'https://SHOP.example.com'],
    ['a slash at the end', 'https://shop.example.com/'],
    ['a subdomain', 'https://a.shop.example.com'],
    ['a host that begins with an allowed one', 'https://shop.example.com.evil.example'],
    ['an opaque origin', 'null'],
    ['an empty header', ''],
    ['two origins, the first of which is allowed', 'https://shop.example.com https://evil.example.com'],
    ['two headers, which API Gateway joins', 'https://shop.example.com,https://evil.example.com'],
  ])('is refused from %s (%j)', async (_case, origin) => {
    const refused = await request(channel.client.id, origin);
    assert.ok(!refused.ok);
    expect(refused.error).toStrictEqual({
      code: 'origin_not_allowed',
      description: 'This client may not be used by web pages of this origin.',
      reason: 'origin_not_allowed',
      clientId: channel.client.id,
    });
  });

  test('is refused as invalid_client if the secret is wrong, whatever the origin', async () => {
    const { client } = await stage.register({ allowedOrigins });
    const refused = await issueToken(
      {
        authorization: basic(client.id, 'wrong'),
        origin: 'https://evil.example.com',
        parameters: { grant_type: 'client_credentials' },
      },
      stage.tokens,
    );
    assert.ok(!refused.ok);
    expect(refused.error.code).toBe('invalid_client');
  });
});

describe('token request of a client without allowed origins', () => {
  test.each([undefined, 'https://evil.example.com', 'null'])('is granted from %s', async (origin) => {
    expect((await request(anywhere.client.id, origin)).ok).toBe(true);
  });
});

describe('session request of a session key with allowed origins', () => {
  test.each([
    ['is granted', 'https://shop.example.com', undefined],
    ['is refused', 'https://evil.example.com', 'origin_not_allowed'],
  ])('%s from %s', async (_outcome, origin, code) => {
    const account = `MAG${code ?? ''}`;
    await stage.account(account);
    const { client, secret = '' } = await stage.register({ account, allowedOrigins });
    const opened = await openSession(
      { authorization: basic(client.id, secret), origin, grant_type: 'session', expires_in: 60 },
      stage.sessionTokens,
    );
    expect(opened.ok ? undefined : opened.error.code).toBe(code);
  });
});
