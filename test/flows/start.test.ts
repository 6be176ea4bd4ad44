import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectFolder, startStages } from './stages.ts';
import { basic, bearer, call, postForm, postJson } from './wire.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-start-'));
after(() => rmSync(folder, { recursive: true }));

/** Runs `npm start` where it must refuse, and gives back its exit code and what it says. */
function refusal(...options: string[]) {
  const command = ['--import', 'tsx', 'local/main.ts', ...options];
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
  const order = {
    externalSubscriptionId: 'kept',
    tradingPartnerId: 'partner-1',
    customer: {
      company: { name: 'Example' },
      contact: { firstName: 'Ada', lastName: 'Lovelace', email: 'ada@example.com' },
      address: { country: 'DE' },
    },
    orderLines: [{ quantity: 1, productId: 'p' }],
  };
  const created = await postJson(
    `${url}/api/v1/marketplace/subscriptions`,
    order,
    bearer(token.body['access_token']),
  );
  assert.equal(created.status, 201, created.text);
  const jwks = await call(`${url}/.well-known/jwks.json`);
  await first.kill();

  const credentials = join(data, 'credentials.json');
  assert.equal(statSync(credentials).mode & 0o777, 0o600);

  const port = new URL(url).port;
  const second = await startStages('--data', data, '--sandbox-port', port);
  try {
    assert.deepEqual(second.ready.stages.sandbox.clients, clients);
    assert.deepEqual((await call(`${url}/.well-known/jwks.json`)).body, jwks.body);
    const profile = await call(`${url}/rest/v1/users/${sessionKey.mageId}`, {
      headers: bearer(session.body['ust']),
    });
    assert.equal(profile.status, 200);
    const read = await call(`${url}/api/v1/marketplace/subscriptions/kept`, {
      headers: bearer(token.body['access_token']),
    });
    assert.deepEqual(read.body, created.body);

    const third = refusal('--data', data, '--sandbox-port', '0', '--production-port', '0');
    assert.equal(third.status, 1);
    assert.match(third.lines.at(-1) ?? '', /another|already|running|use/i);
  } finally {
    await second.stop();
  }
  assert.ok(readFileSync(credentials, 'utf8').includes(integration.clientId));
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
  assert.equal(status, 1);
  assert.match(lines.at(-1) ?? '', new RegExp(`^Port ${port} is taken: `));
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
  assert.equal(status, 1);
  assert.match(lines.at(-1) ?? '', /file/);
});

test('wrong options are usage errors', () => {
  for (const options of [['--nonsense'], ['--sandbox-port', 'x'], ['--sandbox-port', '70000'], ['extra']]) {
    const { status, lines } = refusal(...options);
    assert.equal(status, 2, options.join(' '));
    assert.equal(lines.length, 1);
  }
});
