import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import { afterThisFile } from '../after-this-test.ts';
import { operatorJson } from './operator.ts';
import { localStages } from './stages.ts';
import { projectFolder } from './start-stages.ts';

const { sandbox } = localStages();
const folder = mkdtempSync(join(tmpdir(), 'postern-examples-'));
afterThisFile(() => rmSync(folder, { recursive: true }));

/** Runs an example in the way that its first lines describe. */
async function run(example: string, settings: Record<string, string>) {
  ran.add(example);
  const args = ['--import', 'tsx', `examples/${example}`];
  const env = { ...process.env, URL: sandbox.url, ...settings };
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: projectFolder, env });
  return stdout;
}
const ran = new Set<string>();

describe('examples', () => {
  test('client-credentials.ts gets a token that the API accepts', async () => {
    const { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } = sandbox.integration;
    const output = await run('client-credentials.ts', { CLIENT_ID, CLIENT_SECRET });
    // The authorizer accepts the token; the API knows no such subscription.
    expect(output).toMatch(/^404 \{"error":"not_found"/);
  });

  test('session-token.ts reads the account of its session', async () => {
    const { clientId, clientSecret, mageId } = sandbox.sessionKey;
    const settings = { APPLICATION_ID: clientId, APPLICATION_SECRET: clientSecret };
    expect(await run('session-token.ts', settings)).toMatch(new RegExp(`^200 \\{"mage_id":"${mageId}"`));
  });

  test('private-key-jwt-dpop.ts gets a token that is bound to a key', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const [publicFile, privateFile] = [join(folder, 'acme.pub.jwk'), join(folder, 'acme.jwk')];
    writeFileSync(publicFile, JSON.stringify(publicKey.export({ format: 'jwk' })));
    writeFileSync(privateFile, JSON.stringify(privateKey.export({ format: 'jwk' })));
    const what = ['--name', 'Acme', '--scope', 'orders:read', '--public-key', publicFile, '--dpop'];
    const made = await operatorJson(sandbox, 'client', 'create', ...what);
    assert.ok(
      typeof made === 'object' && made !== null && 'clientId' in made && typeof made.clientId === 'string',
    );
    const settings = { CLIENT_ID: made.clientId, PRIVATE_KEY: privateFile };
    expect(await run('private-key-jwt-dpop.ts', settings)).toBe('dpop orders:read\n');
  });

  test('are all run by the tests above, except for the web page, which flows/browser opens', () => {
    const all = readdirSync(join(projectFolder, 'examples'));
    expect([...ran, 'sales-channel.html'].toSorted()).toStrictEqual(all.toSorted());
  });
});
