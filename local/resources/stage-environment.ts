import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { HttpApi } from '../api-gateway/http-api.ts';
import type { DynamoDB } from '../dynamodb/dynamodb.ts';
import type { AccessControl } from '../iam/access-control.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Progress } from '../progress.ts';
import type { SecretsManager } from '../secrets-manager/secrets-manager.ts';

/** What the resources of a stage are created in. */
export interface StageEnvironment {
  readonly stageName: string;
  /** Port of the stage's API; 0 is a free one. */
  readonly port: number;
  readonly dynamodb: DynamoDB;
  readonly secretsManager: SecretsManager;
  readonly clients: { readonly dynamodb: DynamoDBClient; readonly secretsManager: SecretsManagerClient };
  readonly accessControl: AccessControl;
  readonly functions: Functions;
  /** By id. */
  readonly apis: Map<string, HttpApi>;
  readonly progress: Progress;
  assetFolder(objectKey: string): string;
  log(functionName: string, line: string): void;
}
