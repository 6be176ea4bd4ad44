import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

/**
 * How the command line is bundled: AWS clients and what only some commands need are chunks of their own.
 * @satisfies {import('esbuild').BuildOptions}
 */
export const cliBundle = {
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  metafile: true,
  legalComments: 'none',
  logLevel: 'silent',
  // LevelDB is native code, and esbuild a program of its own.
  external: ['dynalite', 'esbuild'],
  banner: {
    js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
  },
};

/**
 * Modules find files beside them by `import.meta.url`. In a bundle that stays on this machine it is that of the source.
 * @type {import('esbuild').Plugin}
 */
export const urlsOfSources = {
  name: 'urls-of-sources',
  setup(build) {
    build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      if (!source.includes('import.meta.url')) return undefined;
      const url = JSON.stringify(pathToFileURL(path).href);
      return { contents: source.replaceAll('import.meta.url', url), loader: 'ts' };
    });
  },
};
