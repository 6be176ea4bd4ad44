import type { Readable, Writable } from 'node:stream';

/** The streams and the environment of the command line: those of the process, or of a test. */
export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable;
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Writes a line. False if the reader has closed the stream, which is not an error of ours. */
export function writeLine(stream: Writable, line: string): Promise<boolean> {
  return new Promise((resolve) => {
    // The error is also emitted as an event, which would end the process if nothing listened to it.
    stream.once('error', () => resolve(false));
    stream.write(`${line}\n`, (error) => resolve(!error));
  });
}
