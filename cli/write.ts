import type { Writable } from 'node:stream';

/** Writes a text and a line's end; false where no one reads any more, which is no failure of ours. */
export function write(stream: Writable, text: string): Promise<boolean> {
  return new Promise((resolve) => {
    // The error comes as an event, too, and unheard it would end the process with a stack trace.
    stream.once('error', () => resolve(false));
    stream.write(`${text}\n`, (error) => resolve(!error));
  });
}
