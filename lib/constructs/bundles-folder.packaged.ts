import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { bundlesFolder as fromSources } from './bundles-folder.ts';

/** The folder of the functions in the package, which were bundled when it was made: `dist/lambda` beside `dist/lib`. */
export const bundlesFolder: typeof fromSources = () =>
  join(fileURLToPath(import.meta.url), '..', '..', 'lambda');
