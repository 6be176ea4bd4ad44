import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { context } from 'esbuild';
import type { BuildFailure, BuildOptions, Message, OutputFile } from 'esbuild';
import { bundlesIn } from '../../lib/constructs/bundling.ts';
import { LocalFailure } from '../failure.ts';
import { projectFolder } from '../project-folder.ts';

/** Bundles the functions again and again, as the CDK app bundles them, and faster after the first time. */
export interface FunctionBundler {
  /** Bundles the functions whose sources have changed, and calls `onChanged` for each that has other code than before. */
  rebuild(onChanged: (name: string) => Promise<void>): Promise<void>;
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
  const { entryPoints, ...shared } = bundlesIn(folder);
  const builds = await Promise.all(
    entryPoints.map(async (entryPoint) => {
      const name = basename(dirname(entryPoint));
      return {
        name,
        bundle: await incrementalBundle({
          ...shared,
          minify,
          sourcesContent: !minify,
          entryPoints: [entryPoint],
        }),
      };
    }),
  );
  const hashes = new Map<string, string>();
  const folders = new Map<string, string>();

  /** Writes the bundle to a folder of its own: Node.js loads the module of one URL once. */
  function write(name: string, hash: string, files: readonly OutputFile[]): void {
    const bundle = join(folder, `${name}-${hash.slice(0, 12)}`);
    mkdirSync(bundle, { recursive: true });
    for (const { path, contents } of files) writeFileSync(join(bundle, basename(path)), contents);
    folders.set(name, bundle);
  }

  async function rebuildOne(
    { name, bundle }: (typeof builds)[number],
    onChanged: (name: string) => Promise<void>,
  ) {
    const files = await bundle.filesIfChanged();
    const code = files?.find(({ path }) => path.endsWith('.mjs'));
    if (!files || !code) return;
    const running = codeOf(name);
    const before = hashes.get(name) ?? (running && sha256(running));
    const now = sha256(code.contents);
    hashes.set(name, now);
    if (before === now) return;
    write(name, now, files);
    await onChanged(name);
  }

  return {
    async rebuild(onChanged) {
      const settled = await Promise.allSettled(builds.map((build) => rebuildOne(build, onChanged)));
      const failures = settled.flatMap((one) => (one.status === 'rejected' ? [failureText(one.reason)] : []));
      // A source that several functions share is broken for all of them.
      if (failures.length > 0) throw new LocalFailure([...new Set(failures)].join('\n'));
    },
    folderOf: (name) => folders.get(name),
    close: async () => void (await Promise.all(builds.map(({ bundle }) => bundle.close()))),
  };
}

/** The bundle of one function, made again where a source of it has changed. */
async function incrementalBundle(options: BuildOptions) {
  const build = await context({
    ...options,
    absWorkingDir: projectFolder,
    logLevel: 'silent',
    write: false,
    metafile: true,
  });
  let sources: readonly string[] = [];
  let sourcesHash: string | undefined;
  const currentHash = () =>
    sha256(sources.map((file) => (existsSync(file) ? sha256(readFileSync(file)) : '')).join());

  return {
    async filesIfChanged(): Promise<OutputFile[] | undefined> {
      if (sourcesHash !== undefined && sourcesHash === currentHash()) return undefined;
      // One that fails is made again, whatever has changed.
      sourcesHash = undefined;
      const begun = Date.now();
      const { outputFiles, metafile } = await build.rebuild();
      sources = Object.keys(metafile.inputs)
        .filter((file) => !file.includes('node_modules/'))
        .map((file) => join(projectFolder, file));
      // A source that was saved meanwhile may have been read before.
      const isStale = sources.some((file) => existsSync(file) && statSync(file).mtimeMs > begun);
      sourcesHash = isStale ? undefined : currentHash();
      return outputFiles;
    },
    close: () => build.dispose(),
  };
}

const sha256 = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');

function failureText(error: unknown): string {
  if (isBuildFailure(error)) return error.errors.map(withPlace).join('\n');
  if (error instanceof LocalFailure) return error.message;
  throw error;
}

const isBuildFailure = (error: unknown): error is BuildFailure =>
  error instanceof Error && 'errors' in error && Array.isArray(error.errors);

const withPlace = ({ location, text }: Message) =>
  location ? `${location.file}:${location.line}:${location.column}: ${text}` : text;
