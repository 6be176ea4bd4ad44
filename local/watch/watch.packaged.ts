import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from '../app-hash.ts';
import { projectFolder } from '../project-folder.ts';
import { followChanges } from './follow-changes.ts';
import type { watched as inRepository, watchProject as ofRepository } from './watch.ts';

export const watched: typeof inRepository = 'all files of the app';

/** Any file of the app may be a source of its templates or of its functions: each change synthesizes it again. */
export const watchProject: typeof ofRepository = ({ replaceStages, progress }) =>
  followChanges({
    folders: () => foldersBelow(projectFolder),
    hashes: () => ({ app: sha256(foldersBelow(projectFolder).flatMap(contents)) }),
    apply: replaceStages,
    progress,
  });

/** Without those that are installed, generated or hidden. */
function foldersBelow(folder: string): string[] {
  const subfolders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !/^\.|^node_modules$|^cdk\.out/.test(entry.name))
    .map((entry) => join(folder, entry.name));
  return [folder, ...subfolders.flatMap(foldersBelow)];
}

const contents = (folder: string): (string | Buffer)[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => [join(folder, entry.name), readFileSync(join(folder, entry.name))]);
