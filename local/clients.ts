import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { AccessKey } from './iam/access-key.ts';
import { region } from './identity.ts';

/** A client of the local DynamoDB with an access key of the same run. */
export const dynamodbClient = (endpoint: string, credentials: AccessKey) =>
  new DynamoDBClient({ region, credentials, endpoint });

/** A client of the local Secrets Manager with an access key of the same run. */
export const secretsManagerClient = (endpoint: string, credentials: AccessKey) =>
  new SecretsManagerClient({ region, credentials, endpoint });
