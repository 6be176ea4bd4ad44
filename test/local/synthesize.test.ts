import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { appHash } from '../../local/app-hash.ts';
import { projectFolder } from '../../local/project-folder.ts';
import { isSynthesized } from '../../local/synthesize.ts';
import { afterThisFile } from '../after-this-test.ts';

const temporary = mkdtempSync(join(tmpdir(), 'postern-test-'));
afterThisFile(() => rmSync(temporary, { recursive: true }));

const hash = appHash(projectFolder, { POSTERN_COMMERCELAYER: 'false', POSTERN_ISSUERS: '{}' });

/** A folder with these files of a cloud assembly. */
function cloudAssembly(files: Readonly<Record<string, string>>): string {
  const outdir = mkdtempSync(join(temporary, 'cdk.out-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(outdir, name), content);
  return outdir;
}

describe('reuse of a cloud assembly', () => {
  test('is possible for the same files and the same settings', () => {
    expect(isSynthesized(cloudAssembly({ 'manifest.json': '{}', 'app.sha256': hash }))).toBe(true);
  });

  test('is not possible for other settings', () => {
    const outdir = cloudAssembly({ 'manifest.json': '{}', 'app.sha256': hash });
    expect(isSynthesized(outdir, { commercelayer: true })).toBe(false);
  });

  test('is not possible for other issuers', () => {
    const outdir = cloudAssembly({ 'manifest.json': '{}', 'app.sha256': hash });
    expect(isSynthesized(outdir, { issuers: { sandbox: 'https://auth.example.com' } })).toBe(false);
  });

  test('is not possible without a folder', () => {
    expect(isSynthesized(join(temporary, 'cdk.out'))).toBe(false);
  });

  test('is not possible without a hash, which an interrupted synthesis does not write', () => {
    expect(isSynthesized(cloudAssembly({ 'manifest.json': '{}' }))).toBe(false);
  });

  test('is not possible without a manifest', () => {
    expect(isSynthesized(cloudAssembly({ 'app.sha256': hash }))).toBe(false);
  });
});
