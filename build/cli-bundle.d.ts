import type { BuildOptions, Plugin } from 'esbuild';

/** How the command line is bundled: AWS clients and what only some commands need are chunks of their own. */
export const cliBundle: BuildOptions & { metafile: true };

/** Gives each source its own `import.meta.url` in a bundle that stays on this machine. */
export const urlsOfSources: Plugin;
