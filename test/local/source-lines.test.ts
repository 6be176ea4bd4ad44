import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { bundling } from '../../lib/constructs/bundling.ts';
import { bundleOfAsset } from '../../local/bundle-of-asset.ts';
import { sourceLines } from '../../local/source-lines.ts';
import { fixtureFunction } from './fixture-function.ts';

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'postern-test-')));
after(() => rmSync(folder, { recursive: true }));

/** A function that throws on line 3 of `src/thrower.ts`, bundled as functions are. */
mkdirSync(join(folder, 'src'));
writeFileSync(
  join(folder, 'src/thrower.ts'),
  `export function thrower(message: string): never {
  // A comment, which the bundle has not got
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

test('source lines › a stack that a local function logs names the file and line of its source', async (t) => {
  const lines: string[] = [];
  const fixture = fixtureFunction(t, '', {
    module: pathToFileURL(join(bundle, 'index.mjs')).href,
    log: (line) => lines.push(line),
  });
  await assert.rejects(fixture.invoke({}), { errorType: 'RangeError' });
  assert.match(lines.join('\n'), /src\/thrower\.ts:3:9\)/);
});

test('source lines › a stack of a deployed function is read with the source map that stayed behind', () => {
  const column = (code.split('\n')[0] ?? '').indexOf('new RangeError') + 1;
  const stack = `RangeError: too much\n    at a (file:///var/task/index.mjs:1:${column})\n    at node:internal/x:1:2`;
  assert.equal(
    sourceLines(stack, { mapFile: join(bundle, 'index.mjs.map'), map, folder }),
    'RangeError: too much\n    at a (src/thrower.ts:3:9)\n    at node:internal/x:1:2',
  );
});

test('source lines › the bundle of an asset is found by its content', () => {
  const asset = join(folder, 'asset.1234');
  mkdirSync(asset);
  writeFileSync(join(asset, 'index.mjs'), code);
  assert.equal(bundleOfAsset(folder, asset), bundle);
  writeFileSync(join(asset, 'index.mjs'), 'other');
  assert.equal(bundleOfAsset(folder, asset), asset);
});
