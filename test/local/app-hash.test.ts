import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { appHash } from '../../local/app-hash.ts';
import { afterThisFile } from '../after-this-test.ts';

const temporary = mkdtempSync(join(tmpdir(), 'postern-test-'));
afterThisFile(() => rmSync(temporary, { recursive: true }));

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

describe('hash of the app', () => {
  test('is the same for the same files in another folder', () => {
    expect(appHash(project('one'), { A: 'a' })).toBe(appHash(project('two'), { A: 'a' }));
  });

  test('does not change with the documentation', () => {
    const folder = project('documented');
    const before = appHash(folder, { A: 'a' });
    writeFileSync(join(folder, 'docs/file.ts'), 'changed');
    expect(appHash(folder, { A: 'a' })).toBe(before);
  });

  test.each<[string, (folder: string) => void]>([
    ['a file', (folder) => writeFileSync(join(folder, 'src/oauth/file.ts'), 'changed')],
    [
      'the name of a file',
      (folder) => renameSync(join(folder, 'src/oauth/file.ts'), join(folder, 'src/oauth/other.ts')),
    ],
    ['a new file that is empty', (folder) => writeFileSync(join(folder, 'lambda/token/new.ts'), '')],
    ['package-lock.json', (folder) => writeFileSync(join(folder, 'package-lock.json'), '{}')],
  ])('changes with %s', (what, change) => {
    const folder = project(`changed ${what}`);
    const before = appHash(folder, { A: 'a' });
    change(folder);
    expect(appHash(folder, { A: 'a' })).not.toBe(before);
  });

  test('changes with a setting', () => {
    const folder = project('set');
    expect(appHash(folder, { A: 'b' })).not.toBe(appHash(folder, { A: 'a' }));
  });
});
