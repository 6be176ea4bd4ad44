import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { dynamodbClient, secretsManagerClient } from './clients.ts';
import { startDynamoDB } from './dynamodb/dynamodb.ts';
import type { DynamoDB } from './dynamodb/dynamodb.ts';
import type { RequestControl } from './iam/access-control.ts';
import type { AccessKey } from './iam/access-key.ts';
import type { InvokeFunction } from './lambda/functions.ts';
import type { Progress } from './progress.ts';
import { startSecretsManager } from './secrets-manager/secrets-manager.ts';
import type { SecretsManager } from './secrets-manager/secrets-manager.ts';

/** The services that keep the data of all stages, and clients of them that may do everything. */
export interface Services {
  readonly dynamodb: DynamoDB;
  readonly secretsManager: SecretsManager;
  readonly clients: { readonly dynamodb: DynamoDBClient; readonly secretsManager: SecretsManagerClient };
}

interface ServicesOptions {
  /** Path of a file or folder that keeps data; undefined where nothing is kept. */
  readonly inData: (name: string) => string | undefined;
  readonly control: RequestControl;
  /** The access key that may do everything. */
  readonly operator: AccessKey;
  readonly invoke: InvokeFunction;
  readonly progress: Progress;
}

export async function startServices(
  { inData, control, operator, invoke, progress }: ServicesOptions,
  onClose: (closer: () => Promise<void> | void) => void,
): Promise<Services> {
  // First, because its lock keeps a second instance away from the data folder.
  const dynamodb = await progress.step('DynamoDB', () => startDynamoDB(inData('dynamodb'), control));
  onClose(() => dynamodb.close());
  const secretsManager = await progress.step('Secrets Manager', () =>
    startSecretsManager({
      file: inData('secrets.json'),
      control,
      invokeRotation: (functionArn, event, sourceArn) =>
        invoke(functionArn, event, { principal: 'secretsmanager.amazonaws.com', sourceArn }),
    }),
  );
  onClose(() => secretsManager.close());
  const clients = {
    dynamodb: dynamodbClient(dynamodb.endpoint, operator),
    secretsManager: secretsManagerClient(secretsManager.endpoint, operator),
  };
  onClose(() => {
    clients.dynamodb.destroy();
    clients.secretsManager.destroy();
  });
  return { dynamodb, secretsManager, clients };
}
