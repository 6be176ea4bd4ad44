import { readdirSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { join } from 'node:path';

/** Editors write a file in several steps. */
const settlingMilliseconds = 20;

/**
 * Calls `onChange` when something in one of the folders, which are listed anew each time, may have changed. Folders are watched, not files: an
 * editor that saves by renaming would take the watcher of a file with it.
 */
export function onFileChanges(folders: () => readonly string[], onChange: () => void): () => void {
  const watchers = new Map<string, FSWatcher>();
  let settling: NodeJS.Timeout | undefined;

  function watchAll(): void {
    const wanted = new Set(folders());
    for (const [folder, watcher] of watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (watchers.has(folder)) continue;
      const watcher = watch(folder, changed);
      // A folder that is removed is no failure: its parent reports it too.
      watcher.on('error', () => watcher.close());
      watchers.set(folder, watcher);
    }
  }

  function changed(): void {
    clearTimeout(settling);
    settling = setTimeout(() => {
      watchAll();
      onChange();
    }, settlingMilliseconds);
  }

  watchAll();
  return () => {
    clearTimeout(settling);
    for (const watcher of watchers.values()) watcher.close();
    watchers.clear();
  };
}

/** A folder and all that are below it. */
export function withSubfolders(folder: string): string[] {
  const subfolders = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name));
  return [folder, ...subfolders];
}
