/** `npm run build`: makes `dist/`, which is what the package has besides its entry points in `bin/`. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import { bundlesIn } from '../lib/constructs/bundling.ts';
import { cliBundle } from './cli-bundle.js';
import { writeDeclarations } from './declarations.ts';
import { packagedModules } from './packaged-modules.ts';
import { thirdPartyNotices } from './third-party-notices.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const dist = join(project, 'dist');

/**
 * What CDK apps and their functions import is CommonJS, as aws-cdk-lib is. It can be imported by ES modules and
 * required by everything else, jest among it, and there is never a second copy of a class or symbol.
 */
const library: BuildOptions = {
  entryPoints: { index: 'lib/index.ts', caller: 'src/caller.ts' },
  outdir: join(dist, 'lib'),
  bundle: true,
  packages: 'external',
  format: 'cjs',
  platform: 'node',
  target: 'node20.19',
  minifyWhitespace: true,
  define: { 'import.meta.url': 'importMetaUrl' },
  banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [packagedModules],
};

const functions: BuildOptions = { ...bundlesIn(join(dist, 'lambda')), sourcemap: false };

const commandLine: BuildOptions = {
  ...cliBundle,
  entryPoints: ['cli/main.ts'],
  outdir: join(dist, 'cli'),
  plugins: [packagedModules],
};

/** Programs that are run from their code alone, so that each is one file. */
const programs: BuildOptions = {
  ...commandLine,
  splitting: false,
  banner: {},
  entryPoints: ['local/lambda/worker.ts', 'local/lambda/inspected.ts'],
};

rmSync(dist, { recursive: true, force: true });
const builds = await Promise.all(
  [library, functions, commandLine, programs].map((options) =>
    build({ ...options, absWorkingDir: project, metafile: true, logLevel: 'error' }),
  ),
);
// The package is of type `module`, but for these.
writeFileSync(join(dist, 'lib', 'package.json'), '{ "type": "commonjs" }\n');
writeDeclarations(project, ['lib/index.ts', 'src/caller.ts'], join(dist, 'lib', 'types'));
const inputs = builds.flatMap(({ metafile }) => Object.keys(metafile.inputs));
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices(project, inputs));
