import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { bundleOfAsset } from '../bundle-of-asset.ts';
import type { LocalFunction } from '../lambda/local-function.ts';
import { functionBundler } from './function-bundler.ts';
import type { FunctionBundler } from './function-bundler.ts';

/** The code that the functions of a cloud assembly run: its own, or what was bundled after it. */
export interface FunctionCode {
  /** Takes the functions of this cloud assembly from now on. */
  follow(assemblyFolder: string): Promise<void>;
  /** Folder of the code that runs for an asset. */
  folderFor(assetFolder: string): string;
  /** Bundles the functions again and replaces the code of those that have changed; names these. */
  reload(functions: readonly LocalFunction[]): Promise<string[]>;
  close(): Promise<void>;
}

interface FunctionCodeOptions {
  /** Folder for bundles. */
  readonly temporary: string;
  /** A debugger needs bundles that are not minified. */
  readonly isInspected: boolean;
  readonly isWatched: boolean;
}

export function functionCodeOf({ temporary, isInspected, isWatched }: FunctionCodeOptions): FunctionCode {
  let assembly = '';
  let bundler: FunctionBundler | undefined;
  /** The first run of the bundler takes longest, and nobody need wait for it. */
  let prepared: Promise<unknown> = Promise.resolve();
  /** Names of functions by the folders of their code. */
  const names = new Map<string, string>();
  const nameOf = ({ settings }: LocalFunction) => names.get(dirname(fileURLToPath(settings.module)));

  async function close(): Promise<void> {
    await prepared;
    await bundler?.close();
  }

  return {
    async follow(assemblyFolder) {
      await close();
      assembly = assemblyFolder;
      if (!isInspected && !isWatched) return;
      bundler = await functionBundler({
        folder: join(temporary, 'functions'),
        minify: !isInspected,
        codeOf: (name) => (isInspected ? undefined : bundleIn(assemblyFolder, name)),
      });
      // A failure is reported by the next run.
      prepared = bundler.rebuild(async () => {}).catch(() => {});
      if (isInspected) await prepared;
    },
    folderFor(assetFolder) {
      const own = bundleOfAsset(assembly, assetFolder);
      const name = basename(own);
      const folder = bundler?.folderOf(name) ?? own;
      names.set(folder, name);
      return folder;
    },
    async reload(functions) {
      await prepared;
      const changed: string[] = [];
      await bundler?.rebuild(async (name) => {
        const folder = bundler?.folderOf(name);
        if (folder === undefined) return;
        const running = functions.filter((one) => nameOf(one) === name);
        await Promise.all(running.map((one) => replaceCode(one, folder)));
        changed.push(name);
      });
      return changed;
    },
    close,
  };
}

function bundleIn(assemblyFolder: string, name: string): Buffer | undefined {
  const file = join(assemblyFolder, 'bundles', name, 'index.mjs');
  return existsSync(file) ? readFileSync(file) : undefined;
}

function replaceCode(changed: LocalFunction, folder: string): Promise<void> {
  const module = pathToFileURL(join(folder, basename(fileURLToPath(changed.settings.module))));
  return changed.replaceCode(module.href);
}
