import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions } from 'esbuild';

const lambdaFolder = fileURLToPath(new URL('../../lambda', import.meta.url));

/** How a function is bundled. Benchmarks are bundled in the same way. */
export const bundling: BuildOptions = {
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  // The ES modules of the SDK, so that what a function does not import is left out.
  mainFields: ['module', 'main'],
  alias: {
    '@aws-sdk/credential-provider-node': join(lambdaFolder, '../src/storage/environment-credentials.ts'),
  },
  legalComments: 'none',
  logLevel: 'error',
};

/**
 * The bundles of all functions: `<outdir>/<folder>/index.mjs` is made of `lambda/<folder>/handler.ts`. Next to it is
 * its source map, `index.mjs.map`.
 */
export function bundlesIn(outdir: string) {
  const entryPoints = readdirSync(lambdaFolder)
    .map((folder) => join(lambdaFolder, folder, 'handler.ts'))
    .filter((entry) => existsSync(entry));
  return {
    ...bundling,
    entryPoints,
    outdir,
    outbase: lambdaFolder,
    entryNames: '[dir]/index',
    outExtension: { '.js': '.mjs' },
    sourcemap: 'linked',
    sourcesContent: false,
  } satisfies BuildOptions;
}
