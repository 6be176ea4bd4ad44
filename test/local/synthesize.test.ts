import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { appHash } from '../../local/app-hash.ts';
import { projectFolder } from '../../local/project-folder.ts';
import { isSynthesized } from '../../local/synthesize.ts';

const temporary = mkdtempSync(join(tmpdir(), 'postern-test-'));
afterAll(() => rmSync(temporary, { recursive: true }));

test('synthesis › is reused where it was finished, for the same files and the same settings alone', () => {
  const outdir = join(temporary, 'cdk.out');
  expect(isSynthesized(outdir)).toBe(false);
  mkdirSync(outdir);
  writeFileSync(join(outdir, 'manifest.json'), '{}');
  assert.equal(isSynthesized(outdir), false, 'an interrupted synthesis has no hash');
  writeFileSync(
    join(outdir, 'app.sha256'),
    appHash(projectFolder, { POSTERN_COMMERCELAYER: 'false', POSTERN_ISSUERS: '{}' }),
  );
  expect(isSynthesized(outdir)).toBe(true);
  expect(isSynthesized(outdir, { commercelayer: true })).toBe(false);
  expect(isSynthesized(outdir, { issuers: { sandbox: 'https://auth.example.com' } })).toBe(false);
  rmSync(join(outdir, 'manifest.json'));
  expect(isSynthesized(outdir)).toBe(false);
});
