import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { oneLine } from './arguments/printable.ts';
import { UsageError } from './arguments/usage-error.ts';

/** The person at the keyboard, or what is piped in. */
export interface Terminal {
  /** Whether a person can be asked. */
  readonly attended: boolean;
  /** Asks for confirmation: true if the reply begins with y. */
  confirm(question: string): Promise<boolean>;
  /** A secret from standard input: typed without echo, or everything that is piped in. */
  readSecret(): Promise<string>;
  /** All of standard input. */
  readText(): Promise<string>;
}

/** Where the person types and reads: the streams of the process, or of a test. */
export interface TerminalStreams {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stderr: Writable;
}

/** Questions go to standard error, because standard output is for the output of the command. */
export function terminalOf({ stdin, stderr }: TerminalStreams): Terminal {
  const attended = stdin.isTTY === true;

  const ask = (question: string, echo: Writable): Promise<string> =>
    new Promise((resolve) => {
      const lines = createInterface({ input: stdin, output: echo, terminal: true });
      stderr.write(oneLine(question));
      // Ctrl-C and Ctrl-D close it without a line.
      lines.once('close', () => resolve(''));
      lines.once('line', (line) => {
        resolve(line);
        lines.close();
      });
    });

  return {
    attended,

    confirm: async (question) => /^y/i.test(await ask(`${question} [y/N] `, stderr)),

    async readSecret() {
      if (attended) {
        const secret = await ask('Secret (it is not shown): ', nowhere());
        stderr.write('\n');
        if (secret === '') throw new UsageError('No secret was typed.');
        return secret;
      }
      const secret = (await text(stdin)).replace(/\r?\n$/, '');
      if (secret === '') {
        throw new UsageError(
          'There is no secret on standard input. Pipe it in: npx postern … --secret-stdin < FILE',
        );
      }
      return secret;
    },

    readText: () => text(stdin),
  };
}

const nowhere = () => new Writable({ write: (_chunk, _encoding, done) => done() });
