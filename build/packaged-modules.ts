import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Plugin } from 'esbuild';

/** Takes `x.packaged.ts` in place of `x.ts` where there is one: what works differently without the sources. */
export const packagedModules: Plugin = {
  name: 'packaged-modules',
  setup(build) {
    build.onResolve({ filter: /^\.{1,2}\/.*\.ts$/ }, ({ path, resolveDir }) => {
      const packaged = resolve(resolveDir, path.replace(/\.ts$/, '.packaged.ts'));
      return existsSync(packaged) ? { path: packaged } : undefined;
    });
  },
};
