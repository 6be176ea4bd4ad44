import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from '@jest/globals';
import { projectFolder } from '../../local/project-folder.ts';

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
afterAll(async () => {
  child.kill();
  await once(child, 'exit');
  rmSync(project, { recursive: true });
});
const lines: string[] = [];
createInterface(child.stderr).on('line', (line) => lines.push(line));
const [ready] = await once(createInterface(child.stdout), 'line');
const { url } = JSON.parse(String(ready)).stages.sandbox;

const handler = join(project, 'lambda/well-known/handler.ts');
const original = readFileSync(handler, 'utf8');
/** The handler, with a header that tells which version of it has responded. */
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

test('watch › a change of lambda/ is served soon after it is saved, and every request meanwhile', async () => {
  for (const saved of ['first', 'second', 'third']) {
    writeFileSync(handler, withVersion(saved));
    await until(async () => (await version()) === saved);
  }
  expect(lines.some((line) => /Reloaded well-known \(\d+ ms\)/.test(line))).toBe(true);
});

test('watch › a change that is broken names its file and line, and the code before it goes on', async () => {
  appendFileSync(handler, 'const = 1;\n');
  const line = withVersion('third').split('\n').length;
  await until(() => lines.some((one) => one.startsWith(`lambda/well-known/handler.ts:${line}:6: Expected`)));
  expect(await version()).toBe('third');

  writeFileSync(handler, `throw new Error('while it is loaded');\n${original}`);
  await until(() => lines.some((one) => one.includes('cannot be loaded: Error: while it is loaded')));
  expect(await version()).toBe('third');

  writeFileSync(handler, original);
  await until(async () => (await version()) === null);
});

test('watch › a change of lib/ synthesizes again and keeps data and ports', async () => {
  const keys = await (await fetch(`${url}/.well-known/jwks.json`)).json();
  const stages = join(project, 'lib/stages.ts');
  const before = readFileSync(stages, 'utf8');
  writeFileSync(stages, `${before}\nthrow new Error('not yet');\n`);
  await until(() => lines.some((line) => /^ {2}lib\/stages\.ts:\d+: not yet$/.test(line)));
  assert.equal(await version(), null, 'the stages go on');

  writeFileSync(stages, `${before}\n// changed\n`);
  await until(() => lines.some((line) => line.includes('The stages were replaced')));
  expect(await (await fetch(`${url}/.well-known/jwks.json`)).json()).toStrictEqual(keys);
});
