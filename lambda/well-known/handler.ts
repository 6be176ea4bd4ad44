import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
const c = new DynamoDBClient({});
export const handler = async () => ({ statusCode: 200, body: String(c.config.region) });
