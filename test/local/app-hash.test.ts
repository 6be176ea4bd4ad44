import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { appHash } from '../../local/app-hash.ts';

const temporary = mkdtempSync(join(tmpdir(), 'postern-test-'));
afterAll(() => rmSync(temporary, { recursive: true }));

/** A project with a file in each place that counts. */
function project(name: string): string {
  const folder = join(temporary, name);
  for (const path of ['bin', 'lib', 'lambda/token', 'src/oauth', 'docs']) {
    mkdirSync(join(folder, path), { recursive: true });
    writeFileSync(join(folder, path, 'file.ts'), path);
  }
  writeFileSync(join(folder, 'cdk.json'), '{}');
  return folder;
}

test('hash of the app › is the same for the same files in another folder', () => {
  expect(appHash(project('one'), { A: 'a' })).toBe(appHash(project('two'), { A: 'a' }));
});

test('hash of the app › changes with a file, its name, a new file, a setting, and not with the documentation', () => {
  const folder = project('changing');
  const hashes = [appHash(folder, { A: 'a' })];
  const next = () => hashes.push(appHash(folder, { A: 'a' }));
  writeFileSync(join(folder, 'docs/file.ts'), 'changed');
  expect(appHash(folder, { A: 'a' })).toBe(hashes[0]);

  writeFileSync(join(folder, 'src/oauth/file.ts'), 'changed');
  next();
  renameSync(join(folder, 'src/oauth/file.ts'), join(folder, 'src/oauth/other.ts'));
  next();
  writeFileSync(join(folder, 'lambda/token/new.ts'), '');
  next();
  writeFileSync(join(folder, 'package-lock.json'), '{}');
  next();
  hashes.push(appHash(folder, { A: 'b' }));
  expect(new Set(hashes).size).toBe(6);
});
