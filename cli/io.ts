import type { Readable, Writable } from 'node:stream';

/** What the command line reads from and writes to: of the process, or of a test. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}
