import { LocalFailure } from '../failure.ts';
import type { Progress } from '../progress.ts';
import { onFileChanges } from './file-changes.ts';

interface Followed<Hashes extends Readonly<Record<string, string>>> {
  /** The folders that are watched, subfolders among them, as they are now. */
  readonly folders: () => readonly string[];
  /** What the watched files are now. */
  readonly hashes: () => Hashes;
  /** Follows a change. A `LocalFailure` is shown, and the stages go on. */
  readonly apply: (now: Hashes, before: Hashes) => Promise<void>;
  readonly progress: Progress;
}

/** Follows changes of files while the stages run, one after the other. Returns what ends it. */
export function followChanges<Hashes extends Readonly<Record<string, string>>>({
  folders,
  hashes,
  apply,
  progress,
}: Followed<Hashes>): () => Promise<void> {
  let known = hashes();
  let following: Promise<void> | undefined;
  const ending = new AbortController();

  const areKnown = (now: Hashes) => Object.entries(now).every(([name, hash]) => known[name] === hash);

  /** Until nothing has changed any more: files may be saved while an earlier change is followed. */
  async function follow(): Promise<void> {
    for (let now = hashes(); !areKnown(now); now = hashes()) {
      if (ending.signal.aborted) return;
      const before = known;
      known = now;
      try {
        await apply(now, before);
      } catch (error) {
        if (!(error instanceof LocalFailure)) throw error;
        progress.line(`${error.message}\n  The stages go on with what they had.`);
      }
    }
    following = undefined;
  }

  const stop = onFileChanges(folders, () => {
    following ??= follow();
  });
  return async () => {
    ending.abort();
    stop();
    await following;
  };
}
