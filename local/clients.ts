import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { operatorAccessKeyId } from './iam/access-control.ts';
import { region } from './identity.ts';

const operator = {
  region,
  credentials: { accessKeyId: operatorAccessKeyId, secretAccessKey: 'local' },
} as const;

/** A client of the local DynamoDB that may do everything. */
export function dynamodbClient(endpoint: string): DynamoDBClient {
  return new DynamoDBClient({ ...operator, endpoint });
}

/** A client of the local Secrets Manager that may do everything. */
export function secretsManagerClient(endpoint: string): SecretsManagerClient {
  return new SecretsManagerClient({ ...operator, endpoint });
}
