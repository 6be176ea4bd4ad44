import * as v from 'valibot';
import { allStages, commercelayer } from '../lib/stages.ts';
import type { StageRecord } from '../lib/stages.ts';
import { option } from './arguments/parameters.ts';

const names = allStages.map(({ name }) => name);

/** `--stage`. The package, which does not know the stages of an app, has `known-stages.packaged.ts` in place of this. */
export const stageParameter = option(
  'STAGE',
  names.join(' or '),
  v.pipe(
    v.string(),
    v.check((name) => names.includes(name), `must be ${names.join(' or ')}`),
  ),
);

/** The record of a stage, as far as this version knows it: what is deployed may be older. */
export const knownStage = (name: string): StageRecord | undefined =>
  allStages.find((record) => record.name === name);

/** The command that runs a stage on this machine. */
export const startCommandOf = (name?: string): string =>
  name === commercelayer.name ? `npm start -- --${name}` : 'npm start';
