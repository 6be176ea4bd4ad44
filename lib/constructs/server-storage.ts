import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';

/** Any table of the CDK, TableV2 and imported ones among them. */
export type StorageTable = Pick<ITable, 'tableName' | 'tableArn'>;

/** Any secret of the CDK. Of an imported one the whole ARN must be known. */
export type StorageSecret = Pick<ISecret, 'secretArn'>;

/** What an authorization server keeps: two tables with the partition key `pk`, and two secrets. */
export interface ServerStorage {
  /** The items of `itemKinds` whose table is `clients`. */
  readonly clients: StorageTable;
  /** The items of `itemKinds` whose table is `sessions`. */
  readonly sessions: StorageTable;
  /** A `SigningKeySet` as JSON, which only its rotation and operators write. */
  readonly signingKeys: StorageSecret;
  /** The string that the hash keys of the server are derived from. It is never rotated. */
  readonly hashKey: StorageSecret;
}
