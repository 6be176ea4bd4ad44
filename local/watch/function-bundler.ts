import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { context } from 'esbuild';
import type { BuildFailure, Message } from 'esbuild';
import { bundlesIn } from '../../lib/constructs/bundling.ts';
import { LocalFailure } from '../failure.ts';
import { projectFolder } from '../project-folder.ts';

/** Bundles the functions again and again, as the CDK app bundles them, and faster after the first time. */
export interface FunctionBundler {
  /** Bundles the functions; names those whose code differs from the time before. */
  rebuild(): Promise<string[]>;
  /** The folder with the latest code of a function; undefined where it has not changed yet. */
  folderOf(name: string): string | undefined;
  close(): Promise<void>;
}

interface BundlerOptions {
  /** Folder for the bundles. */
  readonly folder: string;
  /** A debugger shows the names of variables only where they were not minified. */
  readonly minify: boolean;
  /** The code that a function runs already. */
  readonly codeOf: (name: string) => Uint8Array | undefined;
}

export async function functionBundler({ folder, minify, codeOf }: BundlerOptions): Promise<FunctionBundler> {
  const build = await context({
    ...bundlesIn(folder),
    sourcesContent: true,
    minify,
    logLevel: 'silent',
    write: false,
  });
  const hashes = new Map<string, string>();
  const folders = new Map<string, string>();

  function isNew(name: string, code: Uint8Array): boolean {
    const running = codeOf(name);
    const before = hashes.get(name) ?? (running && sha256(running));
    const now = sha256(code);
    hashes.set(name, now);
    return before !== now;
  }

  return {
    async rebuild() {
      const { outputFiles } = await build.rebuild().catch((error: unknown) => {
        throw isBuildFailure(error) ? new LocalFailure(error.errors.map(withPlace).join('\n')) : error;
      });
      const changed: string[] = [];
      for (const { path, contents } of outputFiles.filter((file) => file.path.endsWith('.mjs'))) {
        const name = basename(dirname(path));
        if (!isNew(name, contents)) continue;
        // Another folder is another URL: Node.js loads a module of the same URL once.
        const bundle = join(folder, `${name}-${hashes.get(name)?.slice(0, 12)}`);
        mkdirSync(bundle, { recursive: true });
        const map = outputFiles.find((file) => file.path === `${path}.map`);
        if (map) writeFileSync(join(bundle, `${basename(path)}.map`), map.contents);
        writeFileSync(join(bundle, basename(path)), contents);
        folders.set(name, bundle);
        changed.push(name);
      }
      return changed;
    },
    folderOf: (name) => folders.get(name),
    close: () => build.dispose(),
  };
}

const sha256 = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors);

function withPlace({ location, text }: Message): string {
  if (!location) return text;
  const file = relative(projectFolder, join(process.cwd(), location.file));
  return `${file}:${location.line}:${location.column}: ${text}`;
}
