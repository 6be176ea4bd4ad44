import assert from 'node:assert/strict';
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
import { expect, test } from '@jest/globals';
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
import { afterThisTest } from '../after-this-test.ts';
import { temporaryFolder } from './fixture-function.ts';

const operatorKey = newAccessKey();
const TableName = 'clients';
const refusal = {
  name: 'AccessDeniedException',
  message: expect.stringMatching(/is not authorized to perform: dynamodb:/),
};
const key = (pk: string) => ({ pk: { S: pk } });

/** DynamoDB with one table, and clients with the statements of a policy. */
async function dynamodb(statements: object[], folder?: string) {
  const accessControl = localAccessControl(operatorKey);
  const service = await startDynamoDB(folder, accessControl);
  let closed = false;
  const close = async () => {
    if (!closed) await service.close();
    closed = true;
  };
  afterThisTest(close);
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
  afterThisTest(async () => {
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

test('a function does what its role allows, on the keys that it allows', async () => {
  const { client, close } = await dynamodb([items(['dynamodb:GetItem', 'dynamodb:PutItem'], 'client#*')]);
  afterThisTest(close);
  await client.send(new PutItemCommand({ TableName, Item: key('client#1') }));
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: key('client#1') }));
  expect(Item).toStrictEqual(key('client#1'));

  await expect(client.send(new GetItemCommand({ TableName, Key: key('account#1') }))).rejects.toMatchObject(
    refusal,
  );
  await expect(client.send(new PutItemCommand({ TableName, Item: key('clients') }))).rejects.toMatchObject(
    refusal,
  );
  await expect(client.send(new DeleteItemCommand({ TableName, Key: key('client#1') }))).rejects.toMatchObject(
    refusal,
  );
  await expect(client.send(new ScanCommand({ TableName }))).rejects.toMatchObject(refusal);
  await expect(
    client.send(new GetItemCommand({ TableName: 'other', Key: key('client#1') })),
  ).rejects.toMatchObject(refusal);
});

test('every key of a batch and of a query must be allowed', async () => {
  const actions = ['BatchGetItem', 'BatchWriteItem', 'Query'].map((action) => `dynamodb:${action}`);
  const { client, close } = await dynamodb([items(actions, 'a*')]);
  afterThisTest(close);
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
  await write('a1', 'a2');
  expect((await read('a1', 'a2')).Responses?.[TableName]?.length).toBe(2);
  expect((await query('a1')).Count).toBe(1);
  await expect(write('a1', 'b1')).rejects.toMatchObject(refusal);
  await expect(read('a1', 'b1')).rejects.toMatchObject(refusal);
  await expect(query('b1')).rejects.toMatchObject(refusal);
});

test('a denial beats an allowance; an unknown key is nobody', async () => {
  const allow = { Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' };
  const deny = { ...items('dynamodb:GetItem', 'secret#*'), Effect: 'Deny' };
  const { client, clientOf, close } = await dynamodb([allow, deny]);
  afterThisTest(close);
  await client.send(new GetItemCommand({ TableName, Key: key('open') }));
  await expect(client.send(new GetItemCommand({ TableName, Key: key('secret#1') }))).rejects.toMatchObject({
    message: expect.stringMatching(/with an explicit deny/),
  });
  const stranger = clientOf(newAccessKey());
  await expect(stranger.send(new ScanCommand({ TableName }))).rejects.toMatchObject({
    name: 'UnrecognizedClientException',
  });
  stranger.destroy();
});

test('what was written is there after the store was closed, and nobody else opens it meanwhile', async () => {
  const folder = temporaryFolder();
  const { operator, close } = await dynamodb([], folder);
  await operator.send(new PutItemCommand({ TableName, Item: key('kept') }));
  await expect(startDynamoDB(folder, localAccessControl(operatorKey))).rejects.toThrow(
    /in use by another local instance/,
  );
  await close();

  const again = await startDynamoDB(folder, localAccessControl(operatorKey));
  afterThisTest(() => again.close());
  const client = dynamodbClient(again.endpoint, operatorKey);
  expect((await client.send(new ScanCommand({ TableName }))).Count).toBe(1);
  client.destroy();
});

test.each(['theirs', 'not-there'])(
  'secrets are read by those whose role names them: %s',
  async (refusedId) => {
    const accessControl = localAccessControl(operatorKey);
    const service = await startSecretsManager({
      file: undefined,
      control: accessControl,
      invokeRotation: () => Promise.resolve(),
    });
    const operator = secretsManagerClient(service.endpoint, operatorKey);
    const client = secretsManagerClient(service.endpoint, accessControl.accessKeyFor('function', 'role'));
    afterThisTest(async () => {
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
    const get = (SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }));
    expect((await get('mine')).SecretString).toBe('yes');

    await expect(get(refusedId)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  },
);

const parse = (statement: object) =>
  v.parse(PolicyDocument, { Statement: { Effect: 'Allow', Action: 'a:b', Resource: '*', ...statement } });

test('a policy that is not enforced locally is an error', () => {
  expect(() => parse({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } })).toThrow(
    /IpAddress is not enforced/,
  );
  expect(() => parse({ Condition: { StringLike: { 'dynamodb:Attributes': 'a' } } })).toThrow(
    /dynamodb:Attributes is not/,
  );
  expect(() => parse({ NotAction: 'a:c' })).toThrow(v.ValiError);
});

test('wildcards are those of the IAM language, and nothing else is special', () => {
  assert.ok(matchesWildcard('client#*', 'client#a\nb'));
  assert.ok(matchesWildcard('a?c', 'abc'));
  assert.ok(!matchesWildcard('a.c', 'abc'));
  assert.ok(!matchesWildcard('client#*', 'my-client#1'));
});
