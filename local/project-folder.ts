import { fileURLToPath } from 'node:url';

/** Where package.json is. */
export const projectFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '');
