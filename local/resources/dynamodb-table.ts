import { CreateTableCommand, ResourceInUseException, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import { arn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { parseProperties } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const keySchema = v.array(v.object({ AttributeName: v.string(), KeyType: v.picklist(['HASH', 'RANGE']) }));

const Table = v.object({
  TableName: v.optional(v.string()),
  AttributeDefinitions: v.array(
    v.object({ AttributeName: v.string(), AttributeType: v.picklist(['S', 'N', 'B']) }),
  ),
  KeySchema: keySchema,
  GlobalSecondaryIndexes: v.optional(
    v.array(
      v.object({
        IndexName: v.string(),
        KeySchema: keySchema,
        Projection: v.object({
          ProjectionType: v.picklist(['ALL', 'KEYS_ONLY', 'INCLUDE']),
          NonKeyAttributes: v.exactOptional(v.array(v.string())),
        }),
      }),
    ),
  ),
});

/**
 * `AWS::DynamoDB::GlobalTable` and `AWS::DynamoDB::Table`. Expiry, backups, encryption and deletion
 * protection have no effect locally: no code may depend on them within seconds.
 */
export async function createTable(
  { physicalName, properties }: ResourceRequest,
  { clients, dynamodb }: StageEnvironment,
): Promise<CreatedResource> {
  const table = parseProperties(Table, properties);
  const TableName = table.TableName ?? physicalName;
  const partitionKey = table.KeySchema.find(({ KeyType }) => KeyType === 'HASH');
  if (!partitionKey) throw new LocalFailure('the key schema has no HASH key');
  try {
    await clients.dynamodb.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: table.AttributeDefinitions,
        KeySchema: table.KeySchema,
        GlobalSecondaryIndexes: table.GlobalSecondaryIndexes,
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
  } catch (error) {
    // It is there since an earlier start.
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  // CloudFormation, too, reports a table as created only when it can be used.
  await waitUntilTableExists(
    { client: clients.dynamodb, maxWaitTime: 10, minDelay: 1, maxDelay: 1 },
    { TableName },
  );
  dynamodb.partitionKeys.set(TableName, partitionKey.AttributeName);
  return { ref: TableName, attributes: { Arn: arn('dynamodb', `table/${TableName}`) } };
}
