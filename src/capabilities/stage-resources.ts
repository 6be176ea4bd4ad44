import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Environment } from '../env.ts';
import type { HashKeys } from '../keys/hash-keys.ts';
import type { Log } from '../log.ts';

/** What the capabilities of a function are composed of. Each takes the members that it needs. */
export interface StageResources {
  readonly env: Pick<Environment, 'ISSUER' | 'CLIENTS_TABLE' | 'SESSIONS_TABLE'>;
  readonly dynamodb: DynamoDBClient;
  readonly hashKeys: () => Promise<HashKeys>;
  readonly log: Log;
}
