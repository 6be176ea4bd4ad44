import { accountCreate } from './account-create.ts';
import { accountDisable } from './account-disable.ts';
import { accountEnable } from './account-enable.ts';
import { accountShow } from './account-show.ts';
import { clientAddKey } from './client-add-key.ts';
import { clientCreate } from './client-create.ts';
import { clientDelete } from './client-delete.ts';
import { clientDisable } from './client-disable.ts';
import { clientEnable } from './client-enable.ts';
import { clientList } from './client-list.ts';
import { clientRemoveKey } from './client-remove-key.ts';
import { clientRevokeSecret } from './client-revoke-secret.ts';
import { clientRevokeTokens } from './client-revoke-tokens.ts';
import { clientRotateSecret } from './client-rotate-secret.ts';
import { clientShow } from './client-show.ts';
import type { Command } from './command.ts';
import { keyList } from './key-list.ts';
import { keyRevoke } from './key-revoke.ts';
import { keyRotate } from './key-rotate.ts';

/** Every command by the two words that are typed for it. */
export const commands: ReadonlyMap<string, Command> = new Map([
  ['account create', accountCreate],
  ['account show', accountShow],
  ['account disable', accountDisable],
  ['account enable', accountEnable],
  ['client create', clientCreate],
  ['client list', clientList],
  ['client show', clientShow],
  ['client rotate-secret', clientRotateSecret],
  ['client revoke-secret', clientRevokeSecret],
  ['client add-key', clientAddKey],
  ['client remove-key', clientRemoveKey],
  ['client revoke-tokens', clientRevokeTokens],
  ['client disable', clientDisable],
  ['client enable', clientEnable],
  ['client delete', clientDelete],
  ['key list', keyList],
  ['key rotate', keyRotate],
  ['key revoke', keyRevoke],
]);

/** The first words of all commands, each once. */
export const nouns: readonly string[] = [
  ...new Set([...commands.keys()].map((words) => words.split(' ')[0] ?? '')),
];

/** The second words that follow `noun`. */
export const verbsOf = (noun: string): readonly string[] =>
  [...commands.keys()]
    .filter((words) => words.startsWith(`${noun} `))
    .map((words) => words.slice(noun.length + 1));
