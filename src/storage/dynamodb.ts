import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Unavailable } from '../unavailable.ts';

/** A client whose patience ends before the function's own: three tries of at most a second each. */
export const dynamodb = () =>
  new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });

/** Runs one operation; whatever DynamoDB or the way to it makes of it is `Unavailable`. */
export async function ask<Output>(operation: Promise<Output>): Promise<Output> {
  try {
    return await operation;
  } catch (error) {
    throw new Unavailable('DynamoDB', error);
  }
}

/** Runs a conditional write: false where its condition does not hold. */
export async function holds(operation: Promise<unknown>): Promise<boolean> {
  try {
    await operation;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw new Unavailable('DynamoDB', error);
  }
}
