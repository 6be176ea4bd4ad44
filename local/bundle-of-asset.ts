import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The folder `bundles/<name>` of a cloud assembly that an asset is a copy of: the same code, beside its source map,
 * which the asset leaves out. An asset that is no copy of a bundle stands for itself.
 */
export function bundleOfAsset(assemblyFolder: string, assetFolder: string): string {
  const bundles = join(assemblyFolder, 'bundles');
  const code = codeIn(assetFolder);
  if (!code || !existsSync(bundles)) return assetFolder;
  const name = readdirSync(bundles).find((one) => codeIn(join(bundles, one))?.equals(code));
  return name === undefined ? assetFolder : join(bundles, name);
}

function codeIn(folder: string): Buffer | undefined {
  const file = join(folder, 'index.mjs');
  return existsSync(file) ? readFileSync(file) : undefined;
}
