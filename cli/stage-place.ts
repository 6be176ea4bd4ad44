import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import type { Stage } from './stage.ts';

/** Outputs of a stage's stateful stack that the command line needs. */
export const StageOutputs = v.object({
  ClientsTable: v.string(),
  HashKeySecret: v.string(),
  SigningKeysSecret: v.string(),
});

/** Where a stage keeps its things. */
export interface StagePlace extends Pick<Stage, 'options' | 'url'> {
  readonly outputs: v.InferOutput<typeof StageOutputs>;
  readonly dynamodb: DynamoDBClient;
  readonly secretsManager: SecretsManagerClient;
}
