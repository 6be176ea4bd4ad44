import * as v from 'valibot';
import { option } from './arguments/parameters.ts';
import type {
  startCommandOf as commandOfRepository,
  knownStage as ofRepository,
  stageOption as optionOfRepository,
} from './known-stages.ts';

export const stageOption: typeof optionOfRepository = () =>
  option(
    'STAGE',
    'The name of its record',
    v.pipe(
      v.string(),
      v.check(
        (name) => name !== '',
        () => 'must be the name of a stage',
      ),
    ),
  );

export const knownStage: typeof ofRepository = () => undefined;

export const startCommandOf: typeof commandOfRepository = () => 'npx postern start';
