import { PassThrough, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect } from '@jest/globals';
import * as v from 'valibot';
import type { StageSelection } from '../../cli/command.ts';
import { main } from '../../cli/main.ts';
import type { Stage } from '../../cli/stage.ts';
import type { StageUnderTest } from './stage-under-test.ts';

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Surroundings {
  /** The stage that it connects to; without one it must not connect. */
  readonly stage?: StageUnderTest;
  /** How it connects, where that is not to `stage`. */
  readonly connect?: (selection: StageSelection) => Promise<Stage>;
  /** What is piped in, or with `keyboard` typed. */
  readonly stdin?: string;
  readonly keyboard?: boolean;
  /** Whether the reader of standard output has closed it. */
  readonly brokenPipe?: boolean;
  readonly env?: Record<string, string>;
}

/** Runs a command line in this process: `argv` is what follows `npx postern`. */
export async function postern(
  argv: readonly string[],
  { stage, connect, stdin = '', keyboard = false, brokenPipe = false, env = {} }: Surroundings = {},
): Promise<Ran> {
  const input = Object.assign(new PassThrough(), { isTTY: keyboard });
  if (keyboard) input.write(stdin);
  else input.end(stdin);
  const stdout = brokenPipe ? closedPipe() : new PassThrough();
  const stderr = new PassThrough();
  const connectToStage = async () => {
    if (!stage) throw new Error('It connected');
    return { ...stage, readClock: async () => ({ clock: stage.clock, warnings: [] }) };
  };
  const code = await main(argv, { stdin: input, stdout, stderr, env }, connect ?? connectToStage);
  stderr.end();
  if (!(stdout instanceof PassThrough)) return { code, stdout: '', stderr: await text(stderr) };
  stdout.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

const closedPipe = () =>
  new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });

/** The output of a command with `--json`, parsed by `schema`. */
export const jsonOf = <Schema extends v.GenericSchema>(schema: Schema, { stdout }: Ran) =>
  v.parse(schema, JSON.parse(stdout));

/** The `error` in the output of a command that failed with `--json`, which is one line. */
export function errorOf({ stderr }: Ran): string {
  if (stderr.trimEnd().includes('\n')) throw new Error(`More than one line: ${stderr}`);
  return v.parse(v.strictObject({ error: v.string() }), JSON.parse(stderr)).error;
}

/** Asserts that `actual` has each member of `expected`, whatever else it has. */
export function assertIncludes(actual: object | undefined, expected: object): void {
  expect({ ...actual, ...expected }).toStrictEqual(actual);
}
