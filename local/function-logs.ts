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
export class FunctionLogs {
  readonly #options: FunctionLogsOptions;
  readonly #files = new Map<string, WriteStream>();

  constructor(options: FunctionLogsOptions) {
    this.#options = options;
    if (options.folder !== undefined) mkdirSync(options.folder, { recursive: true });
  }

  write(stageName: string, functionName: string, line: string): void {
    this.#options.echo?.(`${stageName} ${functionName} ${line}`);
    this.#file(stageName)?.write(`${line}\n`);
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.#files.values()].map((file) => new Promise<void>((resolve) => file.end(resolve))),
    );
  }

  #file(stageName: string): WriteStream | undefined {
    const { folder } = this.#options;
    if (folder === undefined) return undefined;
    const open = this.#files.get(stageName);
    if (open) return open;
    const file = createWriteStream(join(folder, `${stageName}.log`), { flags: 'a', mode: 0o600 });
    this.#files.set(stageName, file);
    return file;
  }
}
