import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { CreateSecretCommand, GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { dynamodbClient, secretsManagerClient } from '../../local/clients.ts';
import { startDynamoDB } from '../../local/dynamodb/dynamodb.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import type { AccessKey } from '../../local/iam/access-key.ts';
import { PolicyDocument } from '../../local/iam/policy-document.ts';
import { matchesWildcard } from '../../local/iam/wildcard.ts';
import { arn } from '../../local/identity.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
import type { RegisterCleanup } from '../after-this-test.ts';
import { temporaryFolder } from './fixture-function.ts';

const operatorKey = newAccessKey();
const TableName = 'clients';
const refusal = {
  name: 'AccessDeniedException',
  message: expect.stringMatching(/is not authorized to perform: dynamodb:/),
};
const key = (pk: string) => ({ pk: { S: pk } });

/** DynamoDB with one table, and clients with the statements of a policy. */
async function dynamodb(statements: object[], cleanUp: RegisterCleanup, folder?: string) {
  const accessControl = localAccessControl(operatorKey);
  const service = await startDynamoDB(folder, accessControl);
  let closed = false;
  const close = async () => {
    if (!closed) await service.close();
    closed = true;
  };
  cleanUp(close);
  const operator = dynamodbClient(service.endpoint, operatorKey);
  await operator.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  await waitUntilTableExists({ client: operator, maxWaitTime: 10, minDelay: 1, maxDelay: 1 }, { TableName });
  service.partitionKeys.set(TableName, 'pk');
  accessControl.addStatements('role', v.parse(PolicyDocument, { Statement: statements }));
  const clientOf = (accessKey: AccessKey) => dynamodbClient(service.endpoint, accessKey);
  const client = clientOf(accessControl.accessKeyFor('function', 'role'));
  cleanUp(async () => {
    client.destroy();
    operator.destroy();
  });
  return { client, operator, clientOf, close };
}

const items = (Action: string | string[], ...keys: string[]) => ({
  Effect: 'Allow',
  Action,
  Resource: arn('dynamodb', 'table/clients'),
  Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': keys } },
});

describe('IAM policy of the local DynamoDB, with two actions on the keys client#*', () => {
  let client: DynamoDBClient;
  beforeAll(async () => {
    const statements = [items(['dynamodb:GetItem', 'dynamodb:PutItem'], 'client#*')];
    ({ client } = await dynamodb(statements, afterThisFile));
    await client.send(new PutItemCommand({ TableName, Item: key('client#1') }));
  });

  test('allows an action that it names, on such a key', async () => {
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: key('client#1') }));
    expect(Item).toStrictEqual(key('client#1'));
  });

  test.each([
    ['a read of another key', () => client.send(new GetItemCommand({ TableName, Key: key('account#1') }))],
    ['a write of another key', () => client.send(new PutItemCommand({ TableName, Item: key('clients') }))],
    ['another action', () => client.send(new DeleteItemCommand({ TableName, Key: key('client#1') }))],
    ['a scan', () => client.send(new ScanCommand({ TableName }))],
    ['another table', () => client.send(new GetItemCommand({ TableName: 'other', Key: key('client#1') }))],
  ])('denies %s', async (_, send) => {
    await expect(send()).rejects.toMatchObject(refusal);
  });
});

describe('IAM policy of the local DynamoDB, with batches and queries on the keys a*', () => {
  let client: DynamoDBClient;
  const read = (...keys: string[]) =>
    client.send(new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys: keys.map(key) } } }));
  const write = (...keys: string[]) =>
    client.send(
      new BatchWriteItemCommand({
        RequestItems: { [TableName]: keys.map((pk) => ({ PutRequest: { Item: key(pk) } })) },
      }),
    );
  const query = (pk: string) =>
    client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: '#key = :value',
        ExpressionAttributeNames: { '#key': 'pk' },
        ExpressionAttributeValues: { ':value': { S: pk } },
      }),
    );
  beforeAll(async () => {
    const actions = ['BatchGetItem', 'BatchWriteItem', 'Query'].map((action) => `dynamodb:${action}`);
    ({ client } = await dynamodb([items(actions, 'a*')], afterThisFile));
    await write('a1', 'a2');
  });

  test('allows a batch of such keys', async () => {
    expect((await read('a1', 'a2')).Responses?.[TableName]).toHaveLength(2);
  });

  test('allows a query of such a key', async () => {
    expect((await query('a1')).Count).toBe(1);
  });

  test.each([
    ['a batch of writes with another key', () => write('a1', 'b1')],
    ['a batch of reads with another key', () => read('a1', 'b1')],
    ['a query of another key', () => query('b1')],
  ])('denies %s', async (_, send) => {
    await expect(send()).rejects.toMatchObject(refusal);
  });
});

describe('IAM policy of the local DynamoDB, with a denial of the keys secret#*', () => {
  let client: DynamoDBClient;
  let clientOf: (accessKey: AccessKey) => DynamoDBClient;
  beforeAll(async () => {
    const allow = { Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' };
    const deny = { ...items('dynamodb:GetItem', 'secret#*'), Effect: 'Deny' };
    ({ client, clientOf } = await dynamodb([allow, deny], afterThisFile));
  });

  test('allows other keys', async () => {
    const sent = client.send(new GetItemCommand({ TableName, Key: key('open') }));
    await expect(sent).resolves.toBeDefined();
  });

  test('denies such a key, although another statement allows it', async () => {
    const sent = client.send(new GetItemCommand({ TableName, Key: key('secret#1') }));
    await expect(sent).rejects.toMatchObject({
      message: expect.stringMatching(/with an explicit deny/),
    });
  });

  test('refuses an unknown access key', async () => {
    const stranger = clientOf(newAccessKey());
    await expect(stranger.send(new ScanCommand({ TableName }))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    stranger.destroy();
  });
});

describe('data folder of the local DynamoDB', () => {
  test('is refused while another instance uses it', async () => {
    const folder = temporaryFolder();
    await dynamodb([], afterThisTest, folder);
    await expect(startDynamoDB(folder, localAccessControl(operatorKey))).rejects.toThrow(
      /in use by another local instance/,
    );
  });

  test('keeps items after the instance was closed', async () => {
    const folder = temporaryFolder();
    const { operator, close } = await dynamodb([], afterThisTest, folder);
    await operator.send(new PutItemCommand({ TableName, Item: key('kept') }));
    await close();
    const again = await startDynamoDB(folder, localAccessControl(operatorKey));
    afterThisTest(() => again.close());
    const client = dynamodbClient(again.endpoint, operatorKey);
    expect((await client.send(new ScanCommand({ TableName }))).Count).toBe(1);
    client.destroy();
  });
});

describe('IAM policy of the local Secrets Manager, with one secret', () => {
  let client: SecretsManagerClient;
  const get = (SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }));
  beforeAll(async () => {
    const accessControl = localAccessControl(operatorKey);
    const service = await startSecretsManager({
      file: undefined,
      control: accessControl,
      invokeRotation: () => Promise.resolve(),
    });
    const operator = secretsManagerClient(service.endpoint, operatorKey);
    client = secretsManagerClient(service.endpoint, accessControl.accessKeyFor('function', 'role'));
    afterThisFile(async () => {
      operator.destroy();
      client.destroy();
      await service.close();
    });
    const mine = await operator.send(new CreateSecretCommand({ Name: 'mine', SecretString: 'yes' }));
    await operator.send(new CreateSecretCommand({ Name: 'theirs', SecretString: 'no' }));
    accessControl.addStatements(
      'role',
      v.parse(PolicyDocument, {
        Statement: { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: mine.ARN },
      }),
    );
  });

  test('allows to read it', async () => {
    expect((await get('mine')).SecretString).toBe('yes');
  });

  test.each([
    ['another secret', 'theirs'],
    ['a secret that does not exist', 'not-there'],
  ])('denies to read %s', async (_, id) => {
    await expect(get(id)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  });
});

describe('local IAM policy', () => {
  const parse = (statement: object) =>
    v.parse(PolicyDocument, {
      Statement: { Effect: 'Allow', Action: 'dynamodb:GetItem', Resource: '*', ...statement },
    });

  test.each([
    [
      'a condition operator that is not enforced locally',
      { Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } },
      /IpAddress is not enforced/,
    ],
    [
      'a condition key that is not enforced locally',
      { Condition: { StringLike: { 'dynamodb:Attributes': 'a' } } },
      /dynamodb:Attributes is not/,
    ],
  ])('refuses %s', (_, statement, message) => {
    expect(() => parse(statement)).toThrow(message);
  });

  test('refuses NotAction', () => {
    expect(() => parse({ NotAction: 'a:c' })).toThrow(v.ValiError);
    expect(() => parse({ Action: undefined, NotAction: 'a:c' })).toThrow(v.ValiError);
  });

  const ofOthers = { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-1.amazonaws.com' } };

  test.each(['kms:Decrypt', ['kms:*', 'xray:PutTraceSegments'], 'sns:Publish'])(
    'ignores a statement about %j, whatever its condition',
    (Action) => {
      expect(parse({ Action, Condition: ofOthers })).toStrictEqual([]);
    },
  );

  test.each(['*', 'DynamoDB:*', 'dynamo*:GetItem', ['kms:Decrypt', 'secretsmanager:GetSecretValue']])(
    'refuses the same condition for %j',
    (Action) => {
      expect(() => parse({ Action, Condition: ofOthers })).toThrow(/kms:ViaService is not enforced/);
    },
  );

  test.each([
    ['client#*', 'client#a\nb', true],
    ['a?c', 'abc', true],
    ['a.c', 'abc', false],
    ['client#*', 'my-client#1', false],
  ])('with the wildcard %s matches %j: %j', (pattern, value, matches) => {
    expect(matchesWildcard(pattern, value)).toBe(matches);
  });
});
