import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';

/**
 * The DynamoDB for the tests: the endpoint in POSTERN_TEST_DYNAMODB, such as Amazon's DynamoDB Local, or else
 * dynalite in this process.
 */
export async function testDatabase() {
  const given = process.env['POSTERN_TEST_DYNAMODB'];
  const server = given === undefined ? dynalite({ createTableMs: 0, deleteTableMs: 0 }) : undefined;
  if (server) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = (server?.address() as AddressInfo | undefined)?.port;
  const dynamodb = new DynamoDBClient({
    endpoint: given ?? `http://127.0.0.1:${port}`,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const tables: string[] = [];

  return {
    name: given === undefined ? 'dynalite' : 'DynamoDB Local',
    dynamodb,
    async table(): Promise<string> {
      const TableName = `test-${randomBytes(6).toString('hex')}`;
      await dynamodb.send(
        new CreateTableCommand({
          TableName,
          AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
        }),
      );
      await waitUntilTableExists(
        { client: dynamodb, maxWaitTime: 10, minDelay: 1, maxDelay: 1 },
        { TableName },
      );
      tables.push(TableName);
      return TableName;
    },
    async close(): Promise<void> {
      for (const TableName of tables) await dynamodb.send(new DeleteTableCommand({ TableName }));
      dynamodb.destroy();
      await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
    },
  };
}
