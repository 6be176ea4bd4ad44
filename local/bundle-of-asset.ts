import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder `bundles/<name>` of a cloud assembly that an asset is a copy of: the same code, beside its source map,
 * which the asset leaves out. An asset that is no copy of a bundle stands for itself.
 */
export function bundleOfAsset(assemblyFolder: string, assetFolder: string): string {
  const bundles = join(assemblyFolder, 'bundles');
  const code = codeFile(assetFolder);
  if (!existsSync(code) || !existsSync(bundles)) return assetFolder;
  const name = readdirSync(bundles).find((one) => haveEqualContent(codeFile(join(bundles, one)), code));
  return name === undefined ? assetFolder : join(bundles, name);
}

const codeFile = (folder: string) => join(folder, 'index.mjs');

/** Reads files only if their sizes are equal: there are megabytes of bundles, and every function looks for its own. */
const haveEqualContent = (file: string, other: string) =>
  statSync(file).size === statSync(other).size && readFileSync(file).equals(readFileSync(other));
