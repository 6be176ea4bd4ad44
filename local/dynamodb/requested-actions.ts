import * as v from 'valibot';
import type { RequestedAction } from '../iam/access-control.ts';
import { arn } from '../identity.ts';

const AttributeValue = v.union([
  v.pipe(
    v.object({ S: v.string() }),
    v.transform(({ S }) => S),
  ),
  v.pipe(
    v.object({ N: v.string() }),
    v.transform(({ N }) => N),
  ),
  v.pipe(
    v.object({ B: v.string() }),
    v.transform(({ B }) => B),
  ),
]);

const Item = v.record(v.string(), v.unknown());
type Item = v.InferOutput<typeof Item>;

/** The operations on one table, and the parts of them that hold a partition key. */
const TableRequest = v.object({
  TableName: v.string(),
  IndexName: v.optional(v.string()),
  Key: v.optional(Item),
  Item: v.optional(Item),
  KeyConditionExpression: v.optional(v.string()),
  ExpressionAttributeNames: v.optional(v.record(v.string(), v.string()), {}),
  ExpressionAttributeValues: v.optional(Item, {}),
});

const BatchGet = v.object({ RequestItems: v.record(v.string(), v.object({ Keys: v.array(Item) })) });

const BatchWrite = v.object({
  RequestItems: v.record(
    v.string(),
    v.array(
      v.object({
        PutRequest: v.optional(v.object({ Item })),
        DeleteRequest: v.optional(v.object({ Key: Item })),
      }),
    ),
  ),
});

/** Name of a table's partition key, where it is known. */
export type PartitionKeys = ReadonlyMap<string, string>;

/** What a request to DynamoDB wants to do, as IAM sees it: one action for each table that it names. */
export function requestedActions(operation: string, body: unknown, keys: PartitionKeys): RequestedAction[] {
  const action = `dynamodb:${operation}`;
  const get = v.safeParse(BatchGet, body);
  if (get.success) {
    return Object.entries(get.output.RequestItems).map(([table, { Keys }]) =>
      request(action, table, Keys, keys),
    );
  }
  const write = v.safeParse(BatchWrite, body);
  if (write.success) {
    return Object.entries(write.output.RequestItems).map(([table, writes]) => {
      const items = writes.map(
        ({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key ?? {},
      );
      return request(action, table, items, keys);
    });
  }
  const one = v.safeParse(TableRequest, body);
  if (!one.success) return [{ action, resource: '*' }];
  const { TableName, IndexName, Key, Item: item } = one.output;
  const queried = queriedKey(one.output, keys.get(tableName(TableName)));
  const items = [Key, item, queried].filter((part) => part !== undefined);
  const requested = request(action, TableName, items, keys);
  return [{ ...requested, resource: `${requested.resource}${IndexName ? `/index/${IndexName}` : ''}` }];
}

function request(
  action: string,
  table: string,
  items: readonly Item[],
  keys: PartitionKeys,
): RequestedAction {
  const name = tableName(table);
  const partitionKey = keys.get(name);
  const leadingKeys = items.flatMap((item) => {
    const value = v.safeParse(AttributeValue, partitionKey === undefined ? undefined : item[partitionKey]);
    return value.success ? [value.output] : [];
  });
  return {
    action,
    resource: arn('dynamodb', `table/${name}`),
    context: { 'dynamodb:LeadingKeys': leadingKeys },
  };
}

/** `pk = :value`, in a query's key condition, as an item with that key. */
function queriedKey(
  query: v.InferOutput<typeof TableRequest>,
  partitionKey: string | undefined,
): Item | undefined {
  for (const [, name = '', value = ''] of (query.KeyConditionExpression ?? '').matchAll(
    /(#?\w+)\s*=\s*(:\w+)/g,
  )) {
    if ((query.ExpressionAttributeNames[name] ?? name) === partitionKey && partitionKey !== undefined) {
      return { [partitionKey]: query.ExpressionAttributeValues[value] };
    }
  }
  return undefined;
}

/** A table may be named by its ARN as well. */
function tableName(table: string): string {
  return table.replace(/^arn:.*:table\//, '');
}
