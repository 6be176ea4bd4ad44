import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { callsTo, clientSettings } from './aws-client.ts';

export const dynamodb = () => new DynamoDBClient(clientSettings);

/** The result of an operation. Every failure of DynamoDB is thrown as `Unavailable`. */
export const orUnavailable = callsTo('DynamoDB');

/** Whether the condition of a write was met, and so the write was made. */
export const conditionMet = (write: Promise<unknown>): Promise<boolean> =>
  orUnavailable(
    write.then(
      () => true,
      (error: unknown) => {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw error;
      },
    ),
  );
