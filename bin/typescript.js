import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

/** Makes TypeScript modules importable. */
export function registerTypeScript() {
  // Named, because tsx would take the one of whatever folder this is run from.
  register({ tsconfig: fileURLToPath(new URL('../tsconfig.json', import.meta.url)) });
}
