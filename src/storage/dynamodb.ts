import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { Unavailable } from '../unavailable.ts';

/** A client that gives up before the function times out: three attempts of at most a second each. */
export const dynamodb = () =>
  new DynamoDBClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 1_000, throwOnRequestTimeout: true },
  });

/** The result of an operation. Every failure of DynamoDB, or of the connection to it, is thrown as `Unavailable`. */
export async function orUnavailable<Output>(operation: Promise<Output>): Promise<Output> {
  try {
    return await operation;
  } catch (error) {
    throw new Unavailable('DynamoDB', error);
  }
}

/** Whether the condition of a write was met, and so the write was made. */
export async function conditionMet(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw new Unavailable('DynamoDB', error);
  }
}
