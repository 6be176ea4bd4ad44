import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, test } from '@jest/globals';
import { projectFolder } from '../../local/project-folder.ts';
import { afterThisFile } from '../after-this-test.ts';

/** A copy of the project that may be changed. */
const project = mkdtempSync(join(tmpdir(), 'postern-watched-'));
const copied = ['bin', 'cli', 'lambda', 'lib', 'local', 'src', 'cdk.json', 'package.json', 'tsconfig.json'];
for (const name of copied) cpSync(join(projectFolder, name), join(project, name), { recursive: true });
symlinkSync(join(projectFolder, 'node_modules'), join(project, 'node_modules'));

const options = ['--ephemeral', '--json', '--sandbox-port', '0', '--production-port', '0', '--watch'];
const child = spawn(process.execPath, ['bin/start.js', ...options], {
  cwd: project,
  stdio: ['ignore', 'pipe', 'pipe'],
});
afterThisFile(async () => {
  child.kill();
  await once(child, 'exit');
  rmSync(project, { recursive: true });
});
const lines: string[] = [];
createInterface(child.stderr).on('line', (line) => lines.push(line));
const [ready] = await Promise.race([
  once(createInterface(child.stdout), 'line'),
  // Without it a start that fails would never be reported.
  once(child, 'exit').then(() => assert.fail(`npm start failed:\n${lines.join('\n')}`)),
]);
const { url } = JSON.parse(String(ready)).stages.sandbox;

const handler = join(project, 'lambda/well-known/handler.ts');
const original = readFileSync(handler, 'utf8');
const stages = join(project, 'lib/stages.ts');
const originalStages = readFileSync(stages, 'utf8');

/** The handler, with a header that says which version of it has responded. */
const withVersion = (name: string) =>
  `${original.replace('export const handler =', 'const original: any =')}
export const handler = async (event: any) => {
  const response = await original(event);
  return { ...response, headers: { ...response.headers, 'x-version': '${name}' } };
};
`;

async function version(): Promise<string | null> {
  const response = await fetch(`${url}/.well-known/oauth-authorization-server`);
  expect(response.status).toBe(200);
  return response.headers.get('x-version');
}

async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 30));
}

/** Saves the handler with a version, and waits until it is served. */
async function serve(name: string): Promise<void> {
  writeFileSync(handler, withVersion(name));
  await until(async () => (await version()) === name);
}

const jwks = async () => (await fetch(`${url}/.well-known/jwks.json`)).json();

describe('npm start -- --watch', () => {
  test('serves a change of lambda/ soon after it is saved, and every request in the meantime', async () => {
    for (const saved of ['first', 'second', 'third']) await serve(saved);
    expect(lines.some((line) => /Reloaded well-known \(\d+ ms\)/.test(line))).toBe(true);
  });

  test('names the file and line of a syntax error in lambda/, and continues to serve the code before it', async () => {
    const before = await version();
    const code = withVersion('with a syntax error');
    writeFileSync(handler, `${code}const = 1;\n`);
    const message = `lambda/well-known/handler.ts:${code.split('\n').length}:6: Expected`;
    await until(() => lines.some((line) => line.startsWith(message)));
    expect(await version()).toBe(before);
  });

  test('prints what a module of lambda/ throws, and continues to serve the code before it', async () => {
    const before = await version();
    writeFileSync(handler, `throw new Error('while it is loaded');\n${original}`);
    await until(() => lines.some((line) => line.includes('cannot be loaded: Error: while it is loaded')));
    expect(await version()).toBe(before);
  });

  test('names the file and line of an exception in lib/, and continues to serve', async () => {
    await serve('before a synthesis');
    writeFileSync(stages, `${originalStages}\nthrow new Error('not yet');\n`);
    await until(() => lines.some((line) => /^ {2}lib\/stages\.ts:\d+: not yet$/.test(line)));
    expect(await version()).toBe('before a synthesis');
  });

  test('replaces the stages after a change of lib/, and keeps data and ports', async () => {
    const keys = await jwks();
    writeFileSync(stages, `${originalStages}\n// changed\n`);
    await until(() => lines.some((line) => line.includes('The stages were replaced')));
    expect(await jwks()).toStrictEqual(keys);
  });
});
