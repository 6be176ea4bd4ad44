import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Everything in the project that a synthesis depends on. */
const folders = ['bin', 'lib', 'lambda', 'src'];
const files = ['cdk.json', 'package-lock.json', 'package.json', 'tsconfig.json'];

/**
 * A hash of all that decides what the CDK app synthesizes: the files of the project, the version of Node.js, and
 * `settings`, the environment variables that the app is run with.
 */
export function appHash(projectFolder: string, settings: Readonly<Record<string, string>>): string {
  const hash = createHash('sha256');
  const add = (...parts: (string | Buffer)[]) => {
    // With the length before it, no part can be taken for the end of one and the beginning of another.
    for (const part of parts) hash.update(`${part.length}:`).update(part);
  };
  add(process.version, process.platform, process.arch);
  for (const [name, value] of Object.entries(settings).toSorted(byName)) add(name, value);
  for (const path of [...folders.flatMap((folder) => filesBelow(projectFolder, folder)), ...files]) {
    const file = join(projectFolder, path);
    if (existsSync(file)) add(path, readFileSync(file));
  }
  return hash.digest('hex');
}

function filesBelow(projectFolder: string, folder: string): string[] {
  const path = join(projectFolder, folder);
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(projectFolder.length + 1)
        .replaceAll(sep, '/'),
    )
    .toSorted();
}

const byName = ([left]: [string, string], [right]: [string, string]) => (left < right ? -1 : 1);
