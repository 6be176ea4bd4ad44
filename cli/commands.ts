import { accountCreate } from './account-create.ts';
import { accountShow } from './account-show.ts';
import { clientCreate } from './client-create.ts';
import { clientDelete } from './client-delete.ts';
import { clientDisable } from './client-disable.ts';
import { clientEnable } from './client-enable.ts';
import { clientList } from './client-list.ts';
import { clientShow } from './client-show.ts';
import type { Command } from './command.ts';

/** Every command by the two words that it is typed with. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['account create', accountCreate],
  ['account show', accountShow],
  ['client create', clientCreate],
  ['client list', clientList],
  ['client show', clientShow],
  ['client disable', clientDisable],
  ['client enable', clientEnable],
  ['client delete', clientDelete],
]);

/** The first words, each once. */
export const nouns: readonly string[] = [
  ...new Set([...commands.keys()].map((words) => words.split(' ')[0] ?? '')),
];

/** The second words that follow `noun`. */
export const verbsOf = (noun: string): readonly string[] =>
  [...commands.keys()]
    .filter((words) => words.startsWith(`${noun} `))
    .map((words) => words.slice(noun.length + 1));
