import type { Writable } from 'node:stream';
import packageJson from '../package.json' with { type: 'json' };
import { printable } from './arguments/printable.ts';
import { readArguments } from './arguments/read-arguments.ts';
import { mostSimilar, UsageError } from './arguments/usage-error.ts';
import type { CommandContext, Output } from './command.ts';
import { Refused } from './command.ts';
import { commands, nouns, verbsOf } from './commands.ts';
import { errorOutput, exitCodeOf } from './error-output.ts';
import { terminalOf } from './terminal.ts';
import type { TerminalStreams } from './terminal.ts';
import { commandHelp, overview, startCommand } from './usage.ts';

type Connect = CommandContext['connect'];

/** The streams and the environment of the command line: those of the process, or of a test. */
interface Io extends TerminalStreams {
  readonly stdout: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The AWS clients are loaded only for a command that needs them, not for its help. */
const connectToAws: Connect = async (selection) =>
  (await import('./stage-connection.ts')).connectStage(selection);

/** Runs the command line after `npx postern`. The result is the exit code: 0 done, 1 failed, 2 not valid. */
export async function main(
  argv: readonly string[],
  io: Io,
  connect: Connect = connectToAws,
): Promise<number> {
  if (argv[0] === startCommand.word) return (await import('../local/main.ts')).start(argv.slice(1));
  const asJson = argv.includes('--json');
  try {
    const { json, text, warning, ifLost } = await outputOf(argv, io, connect);
    const shown = await writeLine(
      io.stdout,
      printable(asJson && json !== undefined ? JSON.stringify(json, null, 2) : text),
    );
    if (!shown && ifLost !== undefined) throw new Refused(ifLost);
    if (warning !== undefined) {
      await writeLine(io.stderr, warningLine(warning, asJson));
    }
    return 0;
  } catch (error) {
    const explanation = errorOutput(error, { asJson, debug: Boolean(io.env['POSTERN_DEBUG']) });
    await writeLine(io.stderr, printable(explanation));
    return exitCodeOf(error);
  }
}

async function outputOf(argv: readonly string[], io: Io, connect: Connect): Promise<Output> {
  const [noun, verb, ...rest] = argv;
  if (noun === '--help' || noun === '-h') return help(overview());
  if (noun === '--version') return { json: { version: packageJson.version }, text: packageJson.version };
  if (noun === undefined || !nouns.includes(noun))
    throw unknownCommand('', noun, [...nouns, startCommand.word]);
  if (verb === '--help' || verb === '-h') return help(overview(noun));
  const words = `${noun} ${verb}`;
  const command = commands.get(words);
  if (!command) throw unknownCommand(noun, verb, verbsOf(noun));
  if (rest.includes('--help') || rest.includes('-h')) return help(commandHelp(words, command));
  try {
    return await command.run(readArguments(rest, command.parameters), {
      connect,
      warn: (warning) => writeLine(io.stderr, warningLine(warning, argv.includes('--json'))),
      terminal: terminalOf(io),
    });
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(error.message, words) : error;
  }
}

/** Writes a line. False if the reader has closed the stream, which is not an error of ours. */
function writeLine(stream: Writable, line: string): Promise<boolean> {
  return new Promise((resolve) => {
    // The error is also emitted as an event, which would end the process if nothing listened to it.
    stream.once('error', () => resolve(false));
    stream.write(`${line}\n`, (error) => resolve(!error));
  });
}

/** A line of standard error beside the output: JSON for programs. */
const warningLine = (warning: string, asJson: boolean) =>
  printable(asJson ? JSON.stringify({ warning }) : `postern: ${warning}`);

const help = (text: string): Output => ({ json: undefined, text });

/** @param before the valid word before it, if any */
function unknownCommand(before: string, word: string | undefined, known: readonly string[]): UsageError {
  const choice = `${known.slice(0, -1).join(', ')} or ${known.at(-1)}`;
  if (word === undefined || word.startsWith('-')) {
    return new UsageError(
      `The command comes first: npx postern ${before || 'COMMAND'} … (${choice})`,
      before,
    );
  }
  const meant = mostSimilar(word, known);
  const typed = before === '' ? word : `${before} ${word}`;
  return new UsageError(
    `There is no command ${typed}. ${meant === undefined ? `There is ${choice}.` : `Did you mean ${meant}?`}`,
    before,
  );
}
