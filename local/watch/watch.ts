import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { functionCode, hashOf, infrastructure } from '../app-hash.ts';
import type { Progress } from '../progress.ts';
import { projectFolder } from '../project-folder.ts';
import { withSubfolders } from './file-changes.ts';
import { followChanges } from './follow-changes.ts';

interface Watched {
  /** Bundles the functions and replaces the code of those that have changed; names these. */
  readonly reloadFunctions: () => Promise<readonly string[]>;
  /** Synthesizes the CDK app and replaces the stages. */
  readonly replaceStages: () => Promise<void>;
  readonly progress: Progress;
}

/** What is followed, in words. */
export const watched: string = 'lambda/, src/, lib/ and bin/';

/** Follows the changes of the project while the stages run. Returns what ends it. */
export function watchProject({ reloadFunctions, replaceStages, progress }: Watched): () => Promise<void> {
  async function reload(): Promise<void> {
    const begun = performance.now();
    const names = await reloadFunctions();
    const milliseconds = Math.round(performance.now() - begun);
    progress.line(
      names.length > 0
        ? `  Reloaded ${names.join(', ')} (${milliseconds} ms)`
        : '  The code of no function has changed',
    );
  }

  const folders = [...functionCode.folders, ...infrastructure.folders].map((name) =>
    join(projectFolder, name),
  );
  return followChanges({
    folders: () => folders.filter((folder) => existsSync(folder)).flatMap(withSubfolders),
    hashes: () => ({
      code: hashOf(projectFolder, functionCode),
      app: hashOf(projectFolder, infrastructure),
    }),
    apply: (now, before) => (now.app === before.app ? reload() : replaceStages()),
    progress,
  });
}
