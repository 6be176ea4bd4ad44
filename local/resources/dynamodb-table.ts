import { CreateTableCommand, ResourceInUseException, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import { arn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const keySchema = v.array(v.object({ AttributeName: v.string(), KeyType: v.picklist(['HASH', 'RANGE']) }));

const indexes = v.optional(
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
);

const table = {
  run: {
    TableName: v.optional(v.string()),
    AttributeDefinitions: v.array(
      v.object({ AttributeName: v.string(), AttributeType: v.picklist(['S', 'N', 'B']) }),
    ),
    KeySchema: keySchema,
    GlobalSecondaryIndexes: indexes,
    LocalSecondaryIndexes: indexes,
  },
  // How the table is kept, and what it costs. No code may depend on the expiry of an item within seconds.
  withoutEffect: [
    'BillingMode',
    'ContributorInsightsSpecification',
    'DeletionProtectionEnabled',
    'GlobalTableSourceArn',
    'GlobalTableWitnesses',
    'KinesisStreamSpecification',
    'MultiRegionConsistency',
    'OnDemandThroughput',
    'PointInTimeRecoverySpecification',
    'ProvisionedThroughput',
    'ReadOnDemandThroughputSettings',
    'ReadProvisionedThroughputSettings',
    'Replicas',
    'ResourcePolicy',
    'SSESpecification',
    'StreamSpecification',
    'TableClass',
    'Tags',
    'TimeToLiveSpecification',
    'WarmThroughput',
    'WriteOnDemandThroughputSettings',
    'WriteProvisionedThroughputSettings',
  ],
} satisfies PropertyRule<v.ObjectEntries>;

/** `AWS::DynamoDB::GlobalTable` and `AWS::DynamoDB::Table`. */
export async function createTable(
  request: ResourceRequest,
  { clients, dynamodb, notRun }: StageEnvironment,
): Promise<CreatedResource> {
  const template = readProperties(table, request, notRun);
  const TableName = template.TableName ?? request.physicalName;
  const partitionKey = template.KeySchema.find(({ KeyType }) => KeyType === 'HASH');
  if (!partitionKey) throw new LocalFailure('the key schema has no HASH key');
  try {
    await clients.dynamodb.send(
      new CreateTableCommand({
        TableName,
        AttributeDefinitions: template.AttributeDefinitions,
        KeySchema: template.KeySchema,
        GlobalSecondaryIndexes: template.GlobalSecondaryIndexes,
        LocalSecondaryIndexes: template.LocalSecondaryIndexes,
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
