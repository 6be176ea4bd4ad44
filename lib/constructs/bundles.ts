import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Stage } from 'aws-cdk-lib';
import { Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { buildSync } from 'esbuild';
import type { BuildOptions } from 'esbuild';

const lambdaFolder = fileURLToPath(new URL('../../lambda', import.meta.url));
const bundled = new Set<string>();

/** How a function is bundled; benchmarks are bundled the same way. */
export const bundling: BuildOptions = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // The ES modules of the SDK, so that what a function does not import is left out.
  mainFields: ['module', 'main'],
  legalComments: 'none',
  logLevel: 'error',
};

/**
 * The minified bundle of `lambda/<folder>/handler.ts`: its own code and what it imports, nothing of other
 * functions. One esbuild run makes them all; NodejsFunction would start one for each, a second apiece.
 */
export function bundleOf(scope: Construct, folder: string): Code {
  const outdir = join(Stage.of(scope)?.assetOutdir ?? 'cdk.out', 'bundles');
  if (!bundled.has(outdir)) {
    bundleAll(outdir);
    bundled.add(outdir);
  }
  return Code.fromAsset(join(outdir, folder));
}

function bundleAll(outdir: string): void {
  const entryPoints = readdirSync(lambdaFolder)
    .map((folder) => join(lambdaFolder, folder, 'handler.ts'))
    .filter((entry) => existsSync(entry));
  buildSync({
    ...bundling,
    entryPoints,
    outdir,
    outbase: lambdaFolder,
    entryNames: '[dir]/index',
    outExtension: { '.js': '.mjs' },
  });
}
