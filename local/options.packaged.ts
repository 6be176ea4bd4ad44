import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { parameterList, section, sections } from '../cli/arguments/help.ts';
import { flag, option } from '../cli/arguments/parameters.ts';
import { readArguments, usageErrorOf } from '../cli/arguments/read-arguments.ts';
import { UsageError } from '../cli/arguments/usage-error.ts';
import { commonParameters, inspectPortOf, Port } from './common-options.ts';
import type { readOptions as ofRepository, usage as usageOfRepository } from './options.ts';
import { projectFolder } from './project-folder.ts';

const defaultPort = 4_010;

const parameters = {
  port: option(
    'PORT',
    `Port of the first stage, ${defaultPort}, and those of the others ten apart; 0 is a free one for each`,
    v.optional(Port, String(defaultPort)),
  ),
  ...commonParameters,
  data: option('FOLDER', 'Where everything is kept, .postern', commonParameters.data),
  watch: flag('Synthesizes the app again when one of its files changes, and replaces the stages'),
  json: flag('Writes one line of JSON when ready'),
};

export const usage: typeof usageOfRepository = `${sections(
  'Usage: npx postern start [options]',
  'Runs the stages of the CDK app in this folder on this machine, with the routes and functions behind them.',
  section('Options', parameterList(parameters)),
)}\n`;

export const helpCommand: string = 'npx postern start --help';

export const readOptions: typeof ofRepository = (words) => {
  const parsed = v.safeParse(v.object(parameters), readArguments(words, parameters));
  if (!parsed.success) throw usageErrorOf(parsed.issues, parameters);
  const { data, ephemeral, inspect, port, ...flags } = parsed.output;
  if (ephemeral && data !== undefined) throw new UsageError('--ephemeral keeps nothing: it takes no --data.');
  return {
    ...flags,
    dataFolder: ephemeral ? undefined : resolve(data ?? join(projectFolder, '.postern')),
    firstPort: port,
    ports: {},
    issuers: {},
    inspectPort: inspectPortOf(inspect),
  };
};
