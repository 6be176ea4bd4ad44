import { join } from 'node:path';
import { functionCode, hashOf, infrastructure } from '../app-hash.ts';
import { LocalFailure } from '../failure.ts';
import type { Progress } from '../progress.ts';
import { projectFolder } from '../project-folder.ts';
import { onFileChanges } from './file-changes.ts';

interface Watched {
  /** Bundles the functions and replaces the code of those that have changed; names these. */
  readonly reloadFunctions: () => Promise<readonly string[]>;
  /** Synthesizes the CDK app and replaces the stages. */
  readonly replaceStages: () => Promise<void>;
  readonly progress: Progress;
}

/** Follows the changes of the project while the stages run, one after the other. Returns what ends it. */
export function watchProject({ reloadFunctions, replaceStages, progress }: Watched): () => Promise<void> {
  let known = hashes();
  let following: Promise<void> | undefined;
  const ending = new AbortController();

  /** Until nothing has changed any more: files may be saved while an earlier change is followed. */
  async function follow(): Promise<void> {
    for (let now = hashes(); now.code !== known.code || now.app !== known.app; now = hashes()) {
      if (ending.signal.aborted) return;
      const isAppChanged = now.app !== known.app;
      known = now;
      try {
        if (isAppChanged) await replaceStages();
        else await reload();
      } catch (error) {
        if (!(error instanceof LocalFailure)) throw error;
        progress.line(`${error.message}\n  The stages go on with what they had.`);
      }
    }
    following = undefined;
  }

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
  const stop = onFileChanges(folders, () => {
    following ??= follow();
  });
  return async () => {
    ending.abort();
    stop();
    await following;
  };
}

const hashes = () => ({
  code: hashOf(projectFolder, functionCode),
  app: hashOf(projectFolder, infrastructure),
});
