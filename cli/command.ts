import * as v from 'valibot';
import { commercelayer, stages } from '../lib/stages.ts';
import type { Typed } from './arguments.ts';
import { UsageError } from './failures.ts';
import { mistakes } from './mistakes.ts';
import { flag, option } from './parameters.ts';
import type { Parameters } from './parameters.ts';
import type { Stage } from './stage.ts';
import type { Terminal } from './terminal.ts';

/** What a command has to say: `json` for programs, `text` for people. */
export interface Output {
  readonly json: unknown;
  readonly text: string;
  /** What to do when it could not be written, because what it shows is shown once. */
  readonly ifLost?: string;
}

/** What a command may use. */
interface Surroundings {
  /** Connects to the stage that was named. */
  readonly stage: () => Promise<Stage>;
  readonly terminal: Terminal;
}

const stageNames = [...stages, commercelayer].map(({ name }) => name);

/** Parameters that every command has. */
export const commonParameters = {
  stage: option(
    'STAGE',
    stageNames.join(' or '),
    v.picklist(stageNames, `must be ${stageNames.join(' or ')}`),
  ),
  local: flag('The stage that npm start runs on this machine, not the deployed one'),
  port: option(
    'PORT',
    'With --local: a port of the stages that are meant, where several run',
    v.exactOptional(v.pipe(v.string(), v.regex(/^\d{1,5}$/, 'must be a number'), v.transform(Number))),
  ),
  json: flag('Answers as JSON, errors too'),
  help: flag('Shows this'),
};
export type StageSelection = Pick<v.InferOutput<typeof Common>, 'stage' | 'local' | 'port'>;
const Common = v.object(commonParameters);

/** What a command is made of; `values` of `run` have the types of its parameters. */
interface Definition<Own extends v.ObjectEntries> {
  readonly summary: string;
  /** Sentences after the summary, where there is more to know. */
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
  readonly run: (typed: Typed, context: CommandContext) => Promise<Output>;
}

export interface CommandContext {
  readonly connect: (selection: StageSelection) => Promise<Stage>;
  readonly terminal: Terminal;
}

export function command<Own extends v.ObjectEntries>(definition: Definition<Own>): Command {
  const parameters: Parameters = { ...definition.parameters, ...commonParameters };
  return {
    ...definition,
    parameters,
    run: async (typed, { connect, terminal }) => {
      const own = v.safeParse(v.object(definition.parameters), typed);
      const common = v.safeParse(Common, typed);
      if (!own.success || !common.success) {
        throw mistakes([...(common.issues ?? []), ...(own.issues ?? [])], parameters);
      }
      const { port, local } = common.output;
      if (port !== undefined && !local) throw new UsageError('--port goes with --local.');
      return definition.run(own.output, { stage: () => connect(common.output), terminal });
    },
  };
}
