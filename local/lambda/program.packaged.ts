import { readFileSync } from 'node:fs';
import type { program as fromSources } from './program.ts';

/** The code of a program, which was bundled when the package was made: beside the command line. */
export const program: typeof fromSources = (fileName) =>
  readFileSync(new URL(fileName.replace(/\.ts$/, '.mjs'), import.meta.url), 'utf8');
