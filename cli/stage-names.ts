import { allStages, stages } from '../lib/stages.ts';
import type { StageRecord } from '../lib/stages.ts';

const namesOf = (records: readonly StageRecord[]) => [...new Set(records.map(({ name }) => name))];

/** The stages that the app deploys. Hints name these and no others. */
const deployedStageNames = namesOf(stages);

/** With --local there are also those that run on a laptop and are not deployed. */
export const stageNames = (local: boolean): readonly string[] =>
  local ? namesOf(allStages) : deployedStageNames;

/** The names as a choice: `sandbox or production`. */
export const stageChoice = (local = false): string => stageNames(local).join(' or ');

/** What is wrong with a name that is none of `stageNames`. */
export function stageNameProblem(name: unknown, local: boolean): string {
  const isLocalOnly = stageNames(true).some((known) => known === name) && !local;
  const hint = isLocalOnly
    ? `. ${String(name)} is not deployed, and runs only on this machine: add --local`
    : '';
  return `must be ${stageChoice(local)}${hint}`;
}

/** An example, with a stage of the app in the place of one that it does not have. */
export const exampleFor = (example: string, names: readonly string[] = stageNames(false)): string =>
  example.replace(/(?<=--stage )\S+/, (name) => (names.includes(name) ? name : (names[0] ?? name)));
