/**
 * Bundles a benchmark as the Lambda functions are bundled, and runs it: `npm run bench`, or
 * `npm run bench authentication-timing`.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { bundling } from '../lib/constructs/bundling.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-bench-'));
const [name = 'token-endpoint'] = process.argv.slice(2);
const outfile = join(folder, 'bench.mjs');
await build({
  ...bundling,
  entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
  outfile,
});
const { status } = spawnSync(
  process.execPath,
  [...process.execArgv.filter((flag) => flag.startsWith('--cpu')), outfile],
  {
    stdio: 'inherit',
  },
);
rmSync(folder, { recursive: true });
process.exitCode = status ?? 1;
