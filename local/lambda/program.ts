import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

/**
 * The code of a module beside this one, with all that it imports, as JavaScript. What runs functions runs without tsx:
 * it costs each worker a tenth of a second, and no function has it in AWS.
 */
export function program(fileName: string): string {
  const { outputFiles } = buildSync({
    entryPoints: [fileURLToPath(new URL(fileName, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
  });
  return outputFiles[0]?.text ?? '';
}
