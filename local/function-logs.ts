import type { WriteStream } from 'node:fs';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';

interface FunctionLogsOptions {
  /** Folder of a file for each stage; nothing is kept where there is none. */
  readonly folder: string | undefined;
  /** Takes every line too, behind the names of its stage and function. */
  readonly echo: ((line: string) => void) | undefined;
}

/** What the functions of all stages print. */
export interface FunctionLogs {
  write(stageName: string, functionName: string, line: string): void;
  close(): Promise<void>;
}

export function functionLogs({ folder, echo }: FunctionLogsOptions): FunctionLogs {
  const files = new Map<string, WriteStream>();
  if (folder !== undefined) mkdirSync(folder, { recursive: true });

  function fileOf(stageName: string): WriteStream | undefined {
    if (folder === undefined) return undefined;
    const open = files.get(stageName);
    if (open) return open;
    const file = createWriteStream(join(folder, `${stageName}.log`), { flags: 'a', mode: 0o600 });
    files.set(stageName, file);
    return file;
  }

  return {
    write(stageName, functionName, line) {
      echo?.(`${stageName} ${functionName} ${line}`);
      fileOf(stageName)?.write(`${line}\n`);
    },
    async close() {
      await Promise.all([...files.values()].map((file) => new Promise<void>((resolve) => file.end(resolve))));
    },
  };
}
