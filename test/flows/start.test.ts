import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { afterThisFile } from '../after-this-test.ts';
import { order } from './order.ts';
import { projectFolder, startStages } from './start-stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-start-'));
afterThisFile(() => rmSync(folder, { recursive: true }));

/** Runs `npm start` where it must refuse, and gives back its exit code and what it says. */
function refusal(...options: string[]) {
  const command = ['bin/start.js', ...options];
  const { status, stderr } = spawnSync(process.execPath, command, { cwd: projectFolder, encoding: 'utf8' });
  return { status, lines: stderr.trim().split('\n') };
}

test('after kill -9 a second start finds what was answered: clients, sessions, orders and keys', async () => {
  const data = join(folder, 'data');
  const first = await startStages('--data', data);
  const { url, clients } = first.ready.stages.sandbox;
  const [integration, sessionKey] = clients;
  assert.ok(integration && sessionKey);
  const token = await postForm(
    `${url}/oauth/token`,
    { grant_type: 'client_credentials', scope: integration.scopes.join(' ') },
    { authorization: basic(integration.clientId, integration.clientSecret ?? '') },
  );
  const session = await postJson(
    `${url}/rest/v1/app/session/token`,
    { grant_type: 'session' },
    { authorization: basic(sessionKey.clientId, sessionKey.clientSecret ?? '') },
  );
  const created = await postJson(
    `${url}/api/v1/marketplace/subscriptions`,
    order('kept'),
    bearer(token.body['access_token']),
  );
  assert.equal(created.status, 201, created.text);
  const jwks = await call(`${url}/.well-known/jwks.json`);
  await first.kill();

  const credentials = join(data, 'credentials.json');
  expect(statSync(credentials).mode & 0o777).toBe(0o600);

  const port = new URL(url).port;
  const second = await startStages('--data', data, '--sandbox-port', port);
  try {
    expect(second.ready.stages.sandbox.clients).toStrictEqual(clients);
    expect((await call(`${url}/.well-known/jwks.json`)).body).toStrictEqual(jwks.body);
    const profile = await call(`${url}/rest/v1/users/${sessionKey.mageId}`, {
      headers: bearer(session.body['ust']),
    });
    expect(profile.status).toBe(200);
    const read = await call(`${url}/api/v1/marketplace/subscriptions/kept`, {
      headers: bearer(token.body['access_token']),
    });
    expect(read.body).toStrictEqual(created.body);

    const third = refusal('--data', data, '--sandbox-port', '0', '--production-port', '0');
    expect(third.status).toBe(1);
    expect(third.lines.at(-1) ?? '').toMatch(/another|already|running|use/i);
  } finally {
    await second.stop();
  }
  expect(readFileSync(credentials, 'utf8')).toContain(integration.clientId);
});

test('a taken port is one clear line and exit code 1', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const address = taken.address();
  const port = typeof address === 'object' && address ? String(address.port) : '';
  const { status, lines } = refusal(
    '--json',
    '--ephemeral',
    '--sandbox-port',
    port,
    '--production-port',
    '0',
  );
  taken.close();
  expect(status).toBe(1);
  expect(lines.at(-1) ?? '').toMatch(new RegExp(`^Port ${port} is taken: `));
});

test('a data folder that is none is one clear line and exit code 1', () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const { status, lines } = refusal(
    '--json',
    '--data',
    file,
    '--sandbox-port',
    '0',
    '--production-port',
    '0',
  );
  expect(status).toBe(1);
  expect(lines.at(-1) ?? '').toMatch(/file/);
});

test('wrong options are one line and exit code 2', () => {
  // test/local/options.test.ts has every way to be wrong.
  const { status, lines } = refusal('--nonsense');
  expect(status).toBe(2);
  expect(lines).toStrictEqual(['There is no option --nonsense here. See: npm start -- --help']);
});
