import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { commercelayer, stages } from '../lib/stages.ts';
import type { StageRecord } from '../lib/stages.ts';
import { causeOf } from './failure.ts';
import { projectFolder } from './project-folder.ts';

/** The command line was not understood. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  /** Undefined where nothing is to be kept. */
  readonly dataFolder: string | undefined;
  /** The stages that run. */
  readonly stages: readonly StageRecord[];
  readonly ports: Readonly<Record<string, number>>;
}

const allStages = [...stages, commercelayer];
const defaultPorts = Object.fromEntries(allStages.map(({ name }, index) => [name, 4_010 + 10 * index]));

export const usage = `Usage: npm start -- [options]

Runs every stage on this machine, as its synthesized templates say.

${Object.entries(defaultPorts)
  .map(([name, port]) => `  --${`${name}-port <port>`.padEnd(24)}port of ${name}, ${port}; 0 is a free one`)
  .join('\n')}
  --commercelayer           run a third stage, which speaks Commerce Layer's dialect
  --data <folder>           where everything is kept, .local
  --ephemeral               keep nothing
  --json                    one line of JSON on standard output when ready (npm -s start leaves out npm's own)
  --verbose                 show what the functions log, and stacks of errors
  --help                    show this
`;

export function readOptions(args: readonly string[]): Options {
  const values = parse(args);
  const text = (name: string) => (typeof values[name] === 'string' ? values[name] : undefined);
  const data = text('data');
  const ephemeral = values['ephemeral'] === true;
  if (ephemeral && data !== undefined) throw new UsageError('--ephemeral keeps nothing: it takes no --data');
  const running = values['commercelayer'] === true ? allStages : stages;
  if (data === '') throw new UsageError('--data takes a folder');
  const ports = Object.fromEntries(
    running.map(({ name }) => [name, portOf(`${name}-port`, text(`${name}-port`), defaultPorts[name] ?? 0)]),
  );
  const fixed = Object.values(ports).filter((port) => port !== 0);
  if (new Set(fixed).size < fixed.length) throw new UsageError('Each stage needs a port of its own');
  return {
    help: values['help'] === true,
    json: values['json'] === true,
    verbose: values['verbose'] === true,
    dataFolder: ephemeral ? undefined : resolve(data ?? join(projectFolder, '.local')),
    stages: running,
    ports,
  };
}

function parse(args: readonly string[]): Readonly<Record<string, unknown>> {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        commercelayer: { type: 'boolean' },
        data: { type: 'string' },
        ephemeral: { type: 'boolean' },
        json: { type: 'boolean' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        ...Object.fromEntries(allStages.map(({ name }) => [`${name}-port`, { type: 'string' as const }])),
      },
    });
    return values;
  } catch (error) {
    throw new UsageError(causeOf(error).split('. ')[0]);
  }
}

function portOf(option: string, text: string | undefined, byDefault: number): number {
  if (text === undefined) return byDefault;
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new UsageError(`--${option} takes a port, not ${JSON.stringify(text)}`);
  return port;
}
