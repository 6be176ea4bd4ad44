import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { bundlesIn } from './bundling.ts';

/**
 * Bundles all functions and returns the folder that has a folder for each. The package has
 * `bundles-folder.packaged.ts` in place of this file.
 */
export function bundlesFolder(outdir: string): string {
  const folder = join(outdir, 'bundles');
  buildSync(bundlesIn(folder));
  return folder;
}
