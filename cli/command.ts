import * as v from 'valibot';
import { flag, option } from './arguments/parameters.ts';
import type { Parameters } from './arguments/parameters.ts';
import type { TypedArguments } from './arguments/read-arguments.ts';
import { usageErrorOf } from './arguments/read-arguments.ts';
import { UsageError } from './arguments/usage-error.ts';
import { stageOption, startCommandOf } from './known-stages.ts';
import type { Stage, TimedStage } from './stage.ts';
import type { Terminal } from './terminal.ts';

/** The output of a command: `json` for programs, `text` for people. */
export interface Output {
  readonly json: unknown;
  readonly text: string;
  /** What the operator should know of the result: a line of standard error. */
  readonly warning?: string;
  /** What to do if the output cannot be written although it contains a secret that is shown once. */
  readonly ifLost?: string;
}

/** A valid command that cannot be carried out: exit code 1. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What a command may use. */
interface Surroundings {
  /** Connects to the stage that was named. */
  readonly connect: () => Promise<Stage>;
  /** Connects to it and reads its time, for a command that writes or compares times. */
  readonly connectWithClock: () => Promise<TimedStage>;
  readonly terminal: Terminal;
  /** Tells the operator something before the output: a line of standard error. */
  readonly tell: (line: string) => Promise<unknown>;
}

/** Parameters that every command has. */
export const commonParameters = {
  stage: stageOption(false),
  local: flag(`Uses the stage that ${startCommandOf()} runs on this machine, not the deployed one`),
  port: option(
    'PORT',
    'With --local: a port of the stages to use, if several are running',
    v.exactOptional(v.pipe(v.string(), v.regex(/^\d{1,5}$/, 'must be a number'), v.transform(Number))),
  ),
  json: flag('Prints JSON, errors included'),
  help: flag('Shows this help'),
};
const Common = v.object(commonParameters);
const LocalCommon = v.object({ ...commonParameters, stage: stageOption(true) });
export type StageSelection = Pick<v.InferOutput<typeof Common>, 'stage' | 'local' | 'port'>;

/** The definition of a command. `values` of `run` have the types of its parameters. */
interface Definition<Own extends v.ObjectEntries> {
  readonly summary: string;
  /** Sentences that follow the summary. */
  readonly details?: readonly string[];
  readonly parameters: Own;
  readonly examples: readonly string[];
  readonly run: (
    values: v.InferOutput<v.ObjectSchema<Own, undefined>>,
    surroundings: Surroundings,
  ) => Promise<Output>;
}

export interface Command {
  readonly summary: string;
  readonly details?: readonly string[];
  readonly parameters: Parameters;
  readonly examples: readonly string[];
  readonly run: (typed: TypedArguments, context: CommandContext) => Promise<Output>;
}

export interface CommandContext {
  readonly connect: (selection: StageSelection) => Promise<Stage>;
  /** Tells the operator something besides the output. */
  readonly warn: (warning: string) => Promise<unknown>;
  readonly terminal: Terminal;
}

export function command<Own extends v.ObjectEntries>(definition: Definition<Own>): Command {
  const parameters: Parameters = { ...definition.parameters, ...commonParameters };
  return {
    ...definition,
    parameters,
    run: async (typed, { connect, warn, terminal }) => {
      const own = v.safeParse(v.object(definition.parameters), typed);
      const common = v.safeParse(typed['local'] === true ? LocalCommon : Common, typed);
      if (!own.success || !common.success) {
        throw usageErrorOf([...(common.issues ?? []), ...(own.issues ?? [])], parameters);
      }
      const { port, local } = common.output;
      if (port !== undefined && !local) throw new UsageError('--port goes with --local.');
      const connectToNamed = () => connect(common.output);
      const connectWithClock = async () => {
        const stage = await connectToNamed();
        const { clock, warnings } = await stage.readClock();
        for (const warning of warnings) await warn(warning);
        return { ...stage, clock };
      };
      return definition.run(own.output, { connect: connectToNamed, connectWithClock, terminal, tell: warn });
    },
  };
}
