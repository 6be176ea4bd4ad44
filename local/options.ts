import { join, resolve } from 'node:path';
import * as v from 'valibot';
import { parameterList, section, sections } from '../cli/arguments/help.ts';
import { flag, option } from '../cli/arguments/parameters.ts';
import { readArguments, usageErrorOf } from '../cli/arguments/read-arguments.ts';
import { UsageError } from '../cli/arguments/usage-error.ts';
import { allStages, issuerProblem, stages } from '../lib/stages.ts';
import type { StageRecord } from '../lib/stages.ts';
import { commonParameters, inspectPortOf, Port } from './common-options.ts';
import { projectFolder } from './project-folder.ts';

export interface Options {
  readonly help: boolean;
  readonly json: boolean;
  readonly verbose: boolean;
  /** Undefined where nothing is to be kept. */
  readonly dataFolder: string | undefined;
  /** The stages that run; undefined where the app alone knows them. */
  readonly stages?: readonly StageRecord[];
  /** Port of the first stage, where the app alone knows them. */
  readonly firstPort?: number;
  readonly ports: Readonly<Record<string, number>>;
  /** By the name of the stage, where one was given. */
  readonly issuers: Readonly<Record<string, string>>;
  readonly watch: boolean;
  /** Whether `WWW-Authenticate` of functions is renamed, as AWS may do. */
  readonly remapChallenges: boolean;
  /** Port of the debugger, where there is to be one. */
  readonly inspectPort: number | undefined;
}

const defaultPorts = allStages.map(({ name }, index) => ({ name, port: 4_010 + 10 * index }));

/** `--sandbox-port` and the like. */
const portParameters = Object.fromEntries(
  defaultPorts.map(({ name, port }) => [
    portParameter(name),
    option('PORT', `Port of ${name}, ${port}; 0 is a free one`, v.optional(Port, String(port))),
  ]),
);

const Issuer = v.pipe(
  v.string(),
  v.check(
    (url) => issuerProblem(url) === undefined,
    ({ input }) => issuerProblem(input) ?? '',
  ),
);

/** `--issuer-sandbox` and the like. */
const issuerParameters = Object.fromEntries(
  allStages.map(({ name }) => [
    issuerParameter(name),
    option('URL', `Issuer of ${name}, if partners reach it by another URL`, v.exactOptional(Issuer)),
  ]),
);

const ownParameters = {
  commercelayer: flag("Runs a third stage, which speaks Commerce Layer's dialect"),
  ...commonParameters,
};

const parameters = { ...portParameters, ...issuerParameters, ...ownParameters };

export const usage: string = `${sections(
  'Usage: npm start -- [options]',
  'Runs every stage on this machine, as its synthesized templates say.',
  section('Options', parameterList(parameters)),
)}\n`;

/** The command that prints `usage`. */
export const helpCommand: string = 'npm start -- --help';

export function readOptions(words: readonly string[]): Options {
  const typed = readArguments(words, parameters);
  const parsed = v.safeParse(v.object(ownParameters), typed);
  const parsedPorts = v.safeParse(v.object(portParameters), typed);
  const parsedIssuers = v.safeParse(v.object(issuerParameters), typed);
  if (!parsed.success || !parsedPorts.success || !parsedIssuers.success) {
    const issues = [...(parsed.issues ?? []), ...(parsedPorts.issues ?? []), ...(parsedIssuers.issues ?? [])];
    throw usageErrorOf(issues, parameters);
  }
  const { data, ephemeral, inspect, ...flags } = parsed.output;
  if (ephemeral && data !== undefined) throw new UsageError('--ephemeral keeps nothing: it takes no --data.');
  const running = flags.commercelayer ? allStages : stages;
  const ports = Object.fromEntries(
    running.map(({ name }) => [name, parsedPorts.output[portParameter(name)] ?? 0]),
  );
  const fixed = Object.values(ports).filter((port) => port !== 0);
  if (new Set(fixed).size < fixed.length) throw new UsageError('Each stage needs a port of its own.');
  return {
    ...flags,
    dataFolder: ephemeral ? undefined : resolve(data ?? join(projectFolder, '.local')),
    stages: running,
    ports,
    issuers: issuersOf(parsedIssuers.output, running),
    inspectPort: inspectPortOf(inspect),
  };
}

function issuersOf(
  typed: Readonly<Record<string, string | undefined>>,
  running: readonly StageRecord[],
): Readonly<Record<string, string>> {
  const given = allStages.filter(({ name }) => issuerParameter(name) in typed);
  const idle = given.find((record) => !running.includes(record));
  if (idle) throw new UsageError(`--issuer-${idle.name} needs --${idle.name}, which runs that stage.`);
  return Object.fromEntries(given.map(({ name }) => [name, typed[issuerParameter(name)] ?? '']));
}

/** The parameter for a stage's port, as it is named before `kebab`. */
function portParameter(stageName: string): string {
  return `${camelCase(stageName)}Port`;
}

/** The parameter for a stage's issuer, as it is named before `kebab`. */
function issuerParameter(stageName: string): string {
  const [first = '', ...rest] = camelCase(stageName);
  return `issuer${first.toUpperCase()}${rest.join('')}`;
}

function camelCase(stageName: string): string {
  return stageName.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
