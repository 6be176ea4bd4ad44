import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { itemKinds, leadingKeys } from '../../src/storage/item-kinds.ts';
import type { ItemKind } from '../../src/storage/item-kinds.ts';
import type { StorageSecret, StorageTable } from './server-storage.ts';

type Tables = Readonly<Record<ItemKind['table'], StorageTable>>;

/** Permission for `actions` on items of the given kinds, which must all be in the same table, and on no others. */
export function allowItems(
  tables: Tables,
  actions: readonly string[],
  kind: ItemKind,
  ...others: readonly ItemKind[]
): PolicyStatement {
  if (others.some(({ table }) => table !== kind.table)) throw new Error('The kinds are in different tables');
  return allowKeys(tables[kind.table], actions, [kind, ...others].map(leadingKeys));
}

/** What is read in one request to verify a token of either kind: where it comes from, and whether it was revoked. */
export const tokenOrigins = [
  itemKinds.client,
  itemKinds.account,
  itemKinds.keySet,
  itemKinds.session,
  itemKinds.revokedToken,
];

/**
 * Permission to read items of the given kinds in one BatchGetItem over both tables. Nothing documents whether
 * `dynamodb:LeadingKeys` then has the keys of the table in question or of both, so that the kinds of both tables are
 * allowed in either: no other item has their prefixes.
 */
export const allowBatchGet = (tables: Tables, ...kinds: readonly ItemKind[]): PolicyStatement =>
  new PolicyStatement({
    actions: ['dynamodb:BatchGetItem'],
    resources: [tables.clients.tableArn, tables.sessions.tableArn],
    conditions: leadingKeysAre(kinds.map(leadingKeys)),
  });

/** Permission for `actions` on the items of `table` whose partition key matches one of `keys`, and on no others. */
export const allowKeys = (
  table: StorageTable,
  actions: readonly string[],
  keys: readonly string[],
): PolicyStatement =>
  new PolicyStatement({
    actions: actions.map((action) => `dynamodb:${action}`),
    resources: [table.tableArn],
    conditions: leadingKeysAre(keys),
  });

const leadingKeysAre = (patterns: readonly string[]) => ({
  'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [...patterns] },
});

/** Permission for `actions` on `secret`. */
export const allowSecret = (secret: StorageSecret, ...actions: string[]): PolicyStatement =>
  new PolicyStatement({
    actions: actions.map((action) => `secretsmanager:${action}`),
    resources: [secret.secretArn],
  });
