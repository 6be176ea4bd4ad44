import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { buildSync } from 'esbuild';
import { bundling } from '../../lib/constructs/bundling.ts';
import { bundleOfAsset } from '../../local/bundle-of-asset.ts';
import { sourceLines } from '../../local/source-lines.ts';
import { afterThisFile } from '../after-this-test.ts';
import { fixtureFunction } from './fixture-function.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-test-')));
afterThisFile(() => rmSync(folder, { recursive: true }));

/** A function that throws on line 3 of `src/thrower.ts`, bundled as functions are. */
mkdirSync(join(folder, 'src'));
writeFileSync(
  join(folder, 'src/thrower.ts'),
  `export function thrower(message: string): never {
  // A comment, which the bundle does not have
  throw new RangeError(message);
}
`,
);
writeFileSync(
  join(folder, 'src/handler.ts'),
  `import { thrower } from './thrower.ts';\nexport const handler = async () => thrower('too much');\n`,
);
const bundle = join(folder, 'bundles/thrower');
const { outputFiles } = buildSync({
  ...bundling,
  entryPoints: [join(folder, 'src/handler.ts')],
  outfile: join(bundle, 'index.mjs'),
  sourcemap: 'linked',
  sourcesContent: false,
  write: false,
});
const [map, code] = outputFiles.map((file) => file.text);
assert.ok(map !== undefined && code !== undefined);
mkdirSync(bundle, { recursive: true });
writeFileSync(join(bundle, 'index.mjs.map'), map);
writeFileSync(join(bundle, 'index.mjs'), code);

describe('source lines', () => {
  test('name the file and line of the source in a stack that a local function logs', async () => {
    const lines: string[] = [];
    const fixture = fixtureFunction('', {
      module: pathToFileURL(join(bundle, 'index.mjs')).href,
      log: (line) => lines.push(line),
    });
    await expect(fixture.invoke({})).rejects.toMatchObject({ errorType: 'RangeError' });
    expect(lines.join('\n')).toMatch(/src\/thrower\.ts:3:9\)/);
  });

  test('name the file and line of the source in a stack of a deployed function', () => {
    const column = (code.split('\n')[0] ?? '').indexOf('new RangeError') + 1;
    const stack = `RangeError: too much\n    at a (file:///var/task/index.mjs:1:${column})\n    at node:internal/x:1:2`;
    expect(sourceLines(stack, { mapFile: join(bundle, 'index.mjs.map'), map, folder })).toBe(
      'RangeError: too much\n    at a (src/thrower.ts:3:9)\n    at node:internal/x:1:2',
    );
  });
});

describe('bundle of an asset', () => {
  test.each([
    ['is found by its content', 'asset.1234', code, bundle],
    ['is the asset itself if no bundle has its content', 'asset.5678', 'other', join(folder, 'asset.5678')],
  ])('%s', (_, name, content, expected) => {
    const asset = join(folder, name);
    mkdirSync(asset);
    writeFileSync(join(asset, 'index.mjs'), content);
    expect(bundleOfAsset(folder, asset)).toBe(expected);
  });
});
