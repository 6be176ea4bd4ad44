import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { HttpApi } from '../api-gateway/http-api.ts';
import type { DynamoDB } from '../dynamodb/dynamodb.ts';
import type { AccessControl } from '../iam/access-control.ts';
import type { FunctionRuntime } from '../lambda/execution-environment.ts';
import type { Functions } from '../lambda/functions.ts';
import type { Progress } from '../progress.ts';
import type { SecretsManager } from '../secrets-manager/secrets-manager.ts';
import type { NotRun } from './not-run.ts';

/** What the resources of a stage are created in. */
export interface StageEnvironment {
  readonly stageName: string;
  /** Port of the stage's API; 0 is a free one. */
  readonly port: number;
  /** Whether challenges of functions reach clients under the name that AWS may give them. */
  readonly remapChallenges: boolean;
  /** The URL by which partners know the stage, if it is not that of its API. */
  readonly publicUrl?: string;
  readonly dynamodb: Pick<DynamoDB, 'endpoint' | 'partitionKeys'>;
  readonly secretsManager: Pick<SecretsManager, 'endpoint'>;
  readonly clients: { readonly dynamodb: DynamoDBClient; readonly secretsManager: SecretsManagerClient };
  readonly accessControl: Pick<
    AccessControl,
    'addStatements' | 'addUnenforceable' | 'assertEnforceable' | 'accessKeyFor'
  >;
  /** Documents of the app's own managed policies, by ARN. */
  readonly managedPolicies: Map<string, unknown>;
  readonly functions: Functions;
  /** Runs the code of the functions. */
  readonly runtime: FunctionRuntime;
  /** By id. */
  readonly apis: Map<string, HttpApi>;
  /** Ids of APIs that do not run, which speak WebSocket; their parts do not run either. */
  readonly apisNotRun: Set<string>;
  readonly notRun: NotRun;
  readonly progress: Progress;
  /** Folder of the code that a function's `S3Key` names. */
  assetFolder(objectKey: string): string;
  log(functionName: string, line: string): void;
}
