import * as v from 'valibot';
import { flag, option, optionalValue } from '../cli/arguments/parameters.ts';

const defaultInspectPort = 9_229;

export const Port = v.pipe(
  v.string(),
  v.regex(/^\d{1,5}$/, 'must be a port'),
  v.transform(Number),
  v.maxValue(65_535, 'must be a port, 65535 at most'),
);

/** Options that do not depend on the stages of an app. */
export const commonParameters = {
  data: option(
    'FOLDER',
    'Where everything is kept, .local',
    v.exactOptional(v.pipe(v.string(), v.nonEmpty('must be a folder'))),
  ),
  ephemeral: flag('Keeps nothing, and writes nowhere but to the temporary folder'),
  watch: flag('Reloads functions when lambda/ or src/ changes, and the stages when lib/ or bin/ does'),
  remapChallenges: flag(
    "Renames functions' WWW-Authenticate to x-amzn-remapped-www-authenticate, as AWS may",
  ),
  inspect: optionalValue(
    'PORT',
    `Lets a debugger attach to the functions at 127.0.0.1, ${defaultInspectPort}`,
    v.exactOptional(v.union([v.literal(true), Port], 'must be a port')),
  ),
  json: flag("Writes one line of JSON when ready (npm -s start leaves out npm's own)"),
  verbose: flag('Shows what the functions log, and stacks of errors'),
  help: flag('Shows this'),
};

/** The port of the debugger; undefined where there is to be none. */
export const inspectPortOf = (typed: true | number | undefined): number | undefined =>
  typed === true ? defaultInspectPort : typed;
