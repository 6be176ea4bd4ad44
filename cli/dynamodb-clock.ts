import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import * as v from 'valibot';
import { itemKinds } from '../src/storage/item-kinds.ts';
import { Unavailable } from '../src/unavailable.ts';
import type { StageClock } from './stage.ts';

/** Seconds by which an operator's clock may differ without a word: the `Date` header has a resolution of one. */
const toleratedSkew = 2;

/** RFC 9110 §6.6.1 */
const DatedResponse = v.object({
  headers: v.object({
    date: v.pipe(
      v.string(),
      v.transform((date) => Date.parse(date)),
      v.number(),
    ),
  }),
});

/**
 * The time of DynamoDB, from the `Date` header of one of its responses. Times that are written into a stage must not
 * depend on the clock of whoever types a command: functions compare them with their own.
 * @param operatorTime milliseconds since the epoch, as this machine has them
 */
export async function dynamodbClock(
  dynamodb: DynamoDBClient,
  TableName: string,
  operatorTime: () => number = Date.now,
): Promise<StageClock> {
  let ahead: number | undefined;
  const command = new GetItemCommand({ TableName, Key: { pk: { S: itemKinds.keySet.prefix } } });
  command.middlewareStack.add(
    (next) => async (request) => {
      const sentAt = operatorTime();
      const result = await next(request);
      const dated = v.safeParse(DatedResponse, result.response);
      // The header is truncated to the second, and stems from between the request and the response.
      if (dated.success) ahead = (sentAt + operatorTime()) / 2 - (dated.output.headers.date + 500);
      return result;
    },
    // After the deserializer, so that it sees the response to a request that is refused too.
    { step: 'deserialize', priority: 'low', name: 'postern-date' },
  );
  try {
    await dynamodb.send(command);
  } catch (error) {
    // An operator who may not read this item still learns the time.
    if (ahead === undefined) throw new Unavailable('DynamoDB', error);
  }
  if (ahead === undefined) throw new Unavailable('DynamoDB', new Error('its response has no Date'));
  const skew = ahead / 1000;
  return {
    clock: () => Math.floor(operatorTime() / 1000 - skew),
    warnings: Math.abs(skew) > toleratedSkew ? [skewText(skew)] : [],
  };
}

const skewText = (skew: number) =>
  `The clock of this machine is ${Math.round(Math.abs(skew))} seconds ${skew > 0 ? 'ahead of' : 'behind'} that of DynamoDB, which is used instead. Correct it.`;
