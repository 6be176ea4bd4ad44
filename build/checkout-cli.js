import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const cache = join(project, 'node_modules', '.cache', 'postern-cli');
/** Files besides the sources that decide what the bundle is: the installed dependencies, and how it is made. */
const settings = ['node_modules/.package-lock.json', 'build/cli-bundle.js', 'build/checkout-cli.js'];
const oneDay = 24 * 60 * 60 * 1_000;

/**
 * The module of the command line, as JavaScript. A checkout has sources only, so that it is bundled when it is first
 * needed, and again as soon as the content of one of its sources is another.
 */
export async function checkoutCli() {
  const built = currentBuild();
  return join(built ?? (await build()), 'main.mjs');
}

/** The folder of the latest build, unless something has changed since. */
function currentBuild() {
  try {
    const { folder, inputs } = JSON.parse(readFileSync(join(cache, 'latest.json'), 'utf8'));
    const path = join(cache, folder);
    if (Object.entries(inputs).every(([file, hash]) => hashOf(file) === hash) && existsSync(path))
      return path;
  } catch {
    // There is none yet, or it was written by another version.
  }
  return undefined;
}

async function build() {
  const [esbuild, { cliBundle, urlsOfSources }] = await Promise.all([
    import('esbuild'),
    import('./cli-bundle.js'),
  ]);
  const folder = newFolder();
  const before = Date.now();
  const { metafile } = await esbuild.build({
    ...cliBundle,
    absWorkingDir: project,
    entryPoints: ['cli/main.ts'],
    outdir: folder,
    plugins: [urlsOfSources],
  });
  const sources = Object.keys(metafile.inputs).filter((file) => !file.startsWith('node_modules/'));
  // A source that was saved meanwhile may have been read before: the next command builds again.
  const isCertain = sources.every((file) => statSync(join(project, file)).mtimeMs < before);
  if (isCertain && folder.startsWith(cache)) {
    const inputs = Object.fromEntries([...sources, ...settings].map((file) => [file, hashOf(file)]));
    const latest = join(folder, 'latest.json');
    writeFileSync(latest, JSON.stringify({ folder: relative(cache, folder), inputs }));
    // By renaming, because another command may read it now.
    renameSync(latest, join(cache, 'latest.json'));
    removeOldBuilds(folder);
  }
  return folder;
}

/** A folder that no other command uses: in the cache, or a temporary one where the checkout can only be read. */
function newFolder() {
  try {
    mkdirSync(cache, { recursive: true });
    return mkdtempSync(join(cache, 'build-'));
  } catch {
    const folder = mkdtempSync(join(tmpdir(), 'postern-cli-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    return folder;
  }
}

/** Commands that run now may still load a chunk of an older build. */
function removeOldBuilds(current) {
  for (const name of readdirSync(cache)) {
    const path = join(cache, name);
    if (path === current || !name.startsWith('build-')) continue;
    if (Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > oneDay) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function hashOf(file) {
  const path = join(project, file);
  return existsSync(path) ? createHash('sha256').update(readFileSync(path)).digest('base64url') : 'none';
}
