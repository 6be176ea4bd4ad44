import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { test } from 'node:test';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import {
  CreateSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { dynamodbClient, secretsManagerClient } from '../../local/clients.ts';
import { startDynamoDB } from '../../local/dynamodb/dynamodb.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { PolicyDocument } from '../../local/iam/policy-document.ts';
import { matchesWildcard } from '../../local/iam/wildcard.ts';
import { arn } from '../../local/identity.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { temporaryFolder } from './fixture-function.ts';

const TableName = 'clients';
const refusal = { name: 'AccessDeniedException', message: /is not authorized to perform: dynamodb:/ };
const key = (pk: string) => ({ pk: { S: pk } });

/** DynamoDB with one table, and clients with the statements of a policy. */
async function dynamodb(t: TestContext, statements: object[], folder?: string) {
  const accessControl = localAccessControl();
  const service = await startDynamoDB(folder, accessControl.decide);
  const operator = dynamodbClient(service.endpoint);
  await operator.send(
    new CreateTableCommand({
      TableName,
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  service.partitionKeys.set(TableName, 'pk');
  accessControl.addStatements('role', v.parse(PolicyDocument, { Statement: statements }));
  const clientOf = (accessKeyId: string) =>
    new DynamoDBClient({
      region: 'eu-west-1',
      endpoint: service.endpoint,
      credentials: { accessKeyId, secretAccessKey: 'local' },
    });
  const client = clientOf(accessControl.accessKeyFor('function', 'role'));
  const close = () => service.close();
  t.after(async () => {
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

test('a function does what its role allows, on the keys that it allows', async (t) => {
  const { client, close } = await dynamodb(t, [items(['dynamodb:GetItem', 'dynamodb:PutItem'], 'client#*')]);
  t.after(close);
  await client.send(new PutItemCommand({ TableName, Item: key('client#1') }));
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: key('client#1') }));
  assert.deepEqual(Item, key('client#1'));

  await assert.rejects(client.send(new GetItemCommand({ TableName, Key: key('account#1') })), refusal);
  await assert.rejects(client.send(new PutItemCommand({ TableName, Item: key('clients') })), refusal);
  await assert.rejects(client.send(new DeleteItemCommand({ TableName, Key: key('client#1') })), refusal);
  await assert.rejects(client.send(new ScanCommand({ TableName })), refusal);
  await assert.rejects(
    client.send(new GetItemCommand({ TableName: 'other', Key: key('client#1') })),
    refusal,
  );
});

test('every key of a batch and of a query must be allowed', async (t) => {
  const actions = ['BatchGetItem', 'BatchWriteItem', 'Query'].map((action) => `dynamodb:${action}`);
  const { client, close } = await dynamodb(t, [items(actions, 'a*')]);
  t.after(close);
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
  assert.equal((await read('a1', 'a2')).Responses?.[TableName]?.length, 2);
  assert.equal((await query('a1')).Count, 1);
  await assert.rejects(write('a1', 'b1'), refusal);
  await assert.rejects(read('a1', 'b1'), refusal);
  await assert.rejects(query('b1'), refusal);
});

test('a denial beats an allowance; an unknown key is nobody', async (t) => {
  const allow = { Effect: 'Allow', Action: 'dynamodb:*', Resource: '*' };
  const deny = { ...items('dynamodb:GetItem', 'secret#*'), Effect: 'Deny' };
  const { client, clientOf, close } = await dynamodb(t, [allow, deny]);
  t.after(close);
  await client.send(new GetItemCommand({ TableName, Key: key('open') }));
  await assert.rejects(client.send(new GetItemCommand({ TableName, Key: key('secret#1') })), {
    message: /with an explicit deny/,
  });
  const stranger = clientOf('AKIAUNKNOWN');
  await assert.rejects(stranger.send(new ScanCommand({ TableName })), {
    name: 'UnrecognizedClientException',
  });
  stranger.destroy();
});

test('what was written is there after the store was closed, and nobody else opens it meanwhile', async (t) => {
  const folder = temporaryFolder(t);
  const { operator, close } = await dynamodb(t, [], folder);
  await operator.send(new PutItemCommand({ TableName, Item: key('kept') }));
  await assert.rejects(
    startDynamoDB(folder, localAccessControl().decide),
    /in use by another local instance/,
  );
  await close();

  const again = await startDynamoDB(folder, localAccessControl().decide);
  t.after(() => again.close());
  const client = dynamodbClient(again.endpoint);
  assert.equal((await client.send(new ScanCommand({ TableName }))).Count, 1);
  client.destroy();
});

test('secrets are read by those whose role names them', async (t) => {
  const accessControl = localAccessControl();
  const service = await startSecretsManager({
    file: undefined,
    decide: accessControl.decide,
    invokeRotation: () => Promise.resolve(),
  });
  const operator = secretsManagerClient(service.endpoint);
  const client = new SecretsManagerClient({
    region: 'eu-west-1',
    endpoint: service.endpoint,
    credentials: { accessKeyId: accessControl.accessKeyFor('function', 'role'), secretAccessKey: 'local' },
  });
  t.after(async () => {
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
  assert.equal((await get('mine')).SecretString, 'yes');
  for (const SecretId of ['theirs', 'not-there']) {
    await assert.rejects(get(SecretId), { name: 'AccessDeniedException' });
  }
});

const parse = (statement: object) =>
  v.parse(PolicyDocument, { Statement: { Effect: 'Allow', Action: 'a:b', Resource: '*', ...statement } });

test('a policy that is not enforced locally is an error', () => {
  assert.throws(
    () => parse({ Condition: { IpAddress: { 'aws:SourceIp': '10.0.0.0/8' } } }),
    /IpAddress is not enforced/,
  );
  assert.throws(
    () => parse({ Condition: { StringLike: { 'dynamodb:Attributes': 'a' } } }),
    /dynamodb:Attributes is not/,
  );
  assert.throws(() => parse({ NotAction: 'a:c' }));
});

test('wildcards are those of the IAM language, and nothing else is special', () => {
  assert.ok(matchesWildcard('client#*', 'client#a\nb'));
  assert.ok(matchesWildcard('a?c', 'abc'));
  assert.ok(!matchesWildcard('a.c', 'abc'));
  assert.ok(!matchesWildcard('client#*', 'my-client#1'));
});
