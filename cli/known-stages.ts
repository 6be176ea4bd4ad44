import * as v from 'valibot';
import { allStages, commercelayer } from '../lib/stages.ts';
import type { StageRecord } from '../lib/stages.ts';
import { option } from './arguments/parameters.ts';
import { stageChoice, stageNameProblem, stageNames } from './stage-names.ts';

/** `--stage`. The package does not know the stages of an app, and has `known-stages.packaged.ts` in place of this. */
export const stageOption = (local: boolean) =>
  option(
    'STAGE',
    stageChoice(),
    v.pipe(
      v.string(),
      v.check(
        (name) => stageNames(local).includes(name),
        ({ input }) => stageNameProblem(input, local),
      ),
    ),
  );

/** The record of a stage, as far as this version knows it: what is deployed may be older. */
export const knownStage = (name: string): StageRecord | undefined =>
  allStages.find((record) => record.name === name);

/** The command that runs a stage on this machine. */
export const startCommandOf = (name?: string): string =>
  name === commercelayer.name ? `npm start -- --${name}` : 'npm start';
