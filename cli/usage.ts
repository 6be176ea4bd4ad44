import { columns } from './arguments/columns.ts';
import { parameterList, section, sections } from './arguments/help.ts';
import { helpOf, isRequired, typedAs } from './arguments/parameters.ts';
import type { Parameters } from './arguments/parameters.ts';
import type { Command } from './command.ts';
import { commonParameters } from './command.ts';
import { commands } from './commands.ts';
import { exampleFor } from './stage-names.ts';

const environment = `A deployed stage is found with your AWS credentials and region, which are configured as for every AWS tool:
AWS_PROFILE, AWS_REGION and the others. POSTERN_DEBUG=1 adds stack traces to failures.`;

/** The command that is not for one stage. It has options of its own, which are not loaded for the help of the others. */
export const startCommand = {
  word: 'start',
  summary: 'Runs the stages on this machine: npx postern start --help',
};

/** The help of all commands, or of those that begin with `noun`. */
export function overview(noun = ''): string {
  const listed = [...commands]
    .filter(([words]) => noun === '' || words.startsWith(`${noun} `))
    .map(([words, { summary }]): [string, string] => [words, summary]);
  if (noun === '') listed.unshift([startCommand.word, startCommand.summary]);
  return sections(
    `Usage: npx postern ${noun === '' ? 'COMMAND' : `${noun} …`} --stage STAGE [options]`,
    'Registers the programs of partners and their accounts with a stage of Postern, and manages its signing keys.',
    section('Commands', columns(listed)),
    section('Options of every command', parameterList(commonParameters)),
    'Each command has its own help: npx postern client create --help',
    environment,
    'Exit codes: 0 done, 1 failed, 2 command line not valid.',
  );
}

/** The help of one command. */
export function commandHelp(words: string, { summary, details = [], parameters, examples }: Command): string {
  const own = Object.fromEntries(Object.entries(parameters).filter(([name]) => !(name in commonParameters)));
  return sections(
    `Usage: npx postern ${words} ${synopsis(parameters)}`,
    [`${summary}.`, ...details].join('\n'),
    section('Options', parameterList(own)),
    section('Options of every command', parameterList(commonParameters)),
    section(
      examples.length === 1 ? 'Example' : 'Examples',
      examples.map((example) => exampleFor(example)).join('\n'),
    ),
    environment,
  );
}

/** Values and required options of a command. */
function synopsis(parameters: Parameters): string {
  const required = Object.entries(parameters)
    .filter(([, schema]) => isRequired(schema))
    .map(([name, schema]) => typedAs(name, helpOf(schema)));
  return [...required, '[options]'].join(' ');
}
