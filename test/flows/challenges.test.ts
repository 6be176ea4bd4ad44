import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { DemoClient } from '../../local/demo-credentials.ts';
import { journey } from '../../local/journey.ts';
import { startInProcess } from './stage-in-process.ts';
import { sandboxRecord, withRestoredChallenges } from './variants.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';
import type { JsonResponse } from './wire.ts';

interface Stage {
  readonly name: string;
  readonly hasExampleApi: boolean;
  readonly url: string;
  readonly clients: readonly DemoClient[];
}

/** Every way to be refused with a challenge. */
const refusals: Readonly<Record<string, (stage: Stage) => Promise<JsonResponse>>> = {
  'a wrong secret': ({ url }) =>
    postForm(
      `${url}/oauth/token`,
      { grant_type: 'client_credentials' },
      { authorization: basic('nobody', 'x') },
    ),
  'a wrong application secret': ({ url }) =>
    postJson(
      `${url}/rest/v1/app/session/token`,
      { grant_type: 'session' },
      { authorization: basic('AQ00000000', 'x') },
    ),
  'a call without a token': ({ url }) => call(`${url}/rest/v1/users/MAG1`),
  'an invalid token': ({ url }) => call(`${url}/rest/v1/users/MAG1`, { headers: bearer('a.b.c') }),
  'a bearer token with the scheme DPoP': async ({ url, clients: [client] }) => {
    assert.ok(client);
    const { body } = await postForm(
      `${url}/oauth/token`,
      { grant_type: 'client_credentials' },
      { authorization: basic(client.clientId, client.clientSecret ?? '') },
    );
    return call(`${url}/rest/v1/users/MAG1`, {
      headers: { authorization: `DPoP ${String(body['access_token'])}` },
    });
  },
};

describe('stages whose challenges are renamed', () => {
  let stage: Stage;
  let responses: string[] = [];
  beforeAll(async () => {
    stage = await startInProcess(sandboxRecord, { remapChallenges: true });
    const lines = journey(stage).filter((line) => !/^(#|$)/.test(line));
    const script = lines.map((line) => `${line}\necho`).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-euc', script]);
    responses = stdout.split('\n').filter((line) => line !== '');
  });

  test('let every partner complete the journey that npm start prints', () => {
    expect(responses.length).toBe(7);
    for (const response of responses) expect(response).not.toMatch(/"(error|code)":/);
  });

  test.each(Object.entries(refusals))('say in the body what is wrong: %s', async (_case, refuse) => {
    const { status, headers, body } = await refuse(stage);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBeNull();
    expect(headers.get('x-amzn-remapped-www-authenticate')).toMatch(/^(Basic|Bearer|DPoP) realm="sandbox"/);
    const message = body['error_description'] ?? body['message'];
    expect(message).toMatch(/^[A-Z].{10,}\.$/);
  });

  test.each([
    ['a call without a token', 'An access token is required.'],
    ['an invalid token', 'The token is malformed, unknown, expired or revoked.'],
    ['a bearer token with the scheme DPoP', 'The token is a bearer token: send it with the scheme Bearer.'],
  ])('let a program tell %s from others', async (name, message) => {
    const { body } = await (refusals[name] ?? assert.fail())(stage);
    expect(body['message']).toBe(message);
  });
});

describe('stage that restores challenges, where they are renamed', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await startInProcess(withRestoredChallenges, { remapChallenges: true });
  });

  test.each(Object.entries(refusals))('sends WWW-Authenticate for %s', async (_case, refuse) => {
    const { status, headers } = await refuse(stage);
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toMatch(/^(Basic|Bearer|DPoP) realm="sandbox"/);
    expect(headers.get('www-authenticate')).toBe(headers.get('postern-challenge'));
  });

  test('sends it for a missing scope, and the body names the scope too', async () => {
    const [client] = stage.clients;
    assert.ok(client);
    const token = await postForm(
      `${stage.url}/oauth/token`,
      { grant_type: 'client_credentials', scope: 'marketplace.order:read' },
      { authorization: basic(client.clientId, client.clientSecret ?? '') },
    );
    const { status, headers, body } = await postJson(
      `${stage.url}/api/v1/marketplace/subscriptions`,
      {},
      bearer(token.body['access_token']),
    );
    expect(status).toBe(403);
    expect(headers.get('www-authenticate')).toMatch(
      /error="insufficient_scope", .*scope="marketplace\.order:create"/,
    );
    expect(body).toStrictEqual({
      error: 'insufficient_scope',
      error_description: 'The token lacks the scope that this request needs.',
      scope: 'marketplace.order:create',
    });
  });
});
