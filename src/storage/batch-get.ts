import { BatchGetItemCommand } from '@aws-sdk/client-dynamodb';
import type { BatchGetItemCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { Unavailable } from '../unavailable.ts';
import { orUnavailable } from './dynamodb.ts';

/** A strongly consistent read of the items with these partition keys, each once. */
export const consistently = (...keys: string[]) => ({
  Keys: [...new Set(keys)].map((pk) => marshall({ pk })),
  ConsistentRead: true,
});

/**
 * The items that exist, by partition key, in one round trip. A throttled table leaves keys unprocessed. They must not be
 * taken for missing, so they are read again, once.
 */
export async function batchGet(
  dynamodb: DynamoDBClient,
  wanted: NonNullable<BatchGetItemCommandInput['RequestItems']>,
): Promise<ReadonlyMap<unknown, Record<string, unknown>>> {
  let RequestItems = wanted;
  const items: Record<string, unknown>[] = [];
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const { Responses = {}, UnprocessedKeys = {} } = await orUnavailable(
      dynamodb.send(new BatchGetItemCommand({ RequestItems })),
    );
    items.push(
      ...Object.values(Responses)
        .flat()
        .map((item) => unmarshall(item)),
    );
    if (Object.keys(UnprocessedKeys).length === 0) return new Map(items.map((item) => [item['pk'], item]));
    RequestItems = UnprocessedKeys;
  }
  throw new Unavailable('DynamoDB', new Error('keys were left unprocessed'));
}
