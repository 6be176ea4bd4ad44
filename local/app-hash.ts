import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';

/** Files of the project. */
interface Part {
  readonly folders: readonly string[];
  readonly files?: readonly string[];
}

/** What the functions are made of. */
export const functionCode: Part = { folders: ['lambda', 'src'] };

/** What the templates are made of, besides the code of the functions. */
export const infrastructure: Part = {
  folders: ['bin', 'lib'],
  files: ['cdk.json', 'package-lock.json', 'package.json', 'tsconfig.json'],
};

/**
 * A hash of all that decides what the CDK app synthesizes: the files of the project, the version of Node.js, and
 * `settings`, the environment variables that the app is run with.
 */
export function appHash(projectFolder: string, settings: Readonly<Record<string, string>>): string {
  const parts = [functionCode, infrastructure].map((part) => hashOf(projectFolder, part));
  const pairs = Object.entries(settings).toSorted(byName);
  return sha256([process.version, process.platform, process.arch, ...parts, ...pairs.flat()]);
}

/** A hash of the names and the content of files. */
export function hashOf(projectFolder: string, { folders, files = [] }: Part): string {
  const paths = [...folders.flatMap((folder) => filesBelow(projectFolder, folder)), ...files];
  return sha256(
    paths.flatMap((path) => {
      const file = join(projectFolder, path);
      return existsSync(file) ? [path, readFileSync(file)] : [];
    }),
  );
}

export function sha256(parts: readonly (string | Buffer)[]): string {
  const hash = createHash('sha256');
  // With its length before it, no part can be taken for the end of one and the beginning of another.
  for (const part of parts) hash.update(`${part.length}:`).update(part);
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
