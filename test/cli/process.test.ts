import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { matchClientSecret } from '../../src/clients/client-secret.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { testDatabase } from '../contract/tables.ts';

const program = fileURLToPath(new URL('../../bin/postern.js', import.meta.url));
const action = 'cloudformation:DescribeStacks';
const hashKey = 'the text that Secrets Manager generated';
const theSecret = JSON.stringify({ SecretString: hashKey });

const noKeys = JSON.stringify({ SecretString: '{}', VersionId: 'v0' });

const database = await testDatabase();
const table = await database.table();
const dynamodb = await database.dynamodb.config.endpoint?.();
assert.ok(dynamodb);

/** The stacks that there are, with their outputs; `undefined` where their reading is denied. */
let stacks: Record<string, Record<string, string>> | undefined;

/** CloudFormation and Secrets Manager, as far as a stage is found with them. */
const services = createServer((request, response) => {
  const answer = async () => {
    const asked = await text(request);
    const name = new URLSearchParams(asked).get('StackName') ?? '';
    const target = request.headers['x-amz-target'];
    const [status, body] =
      target === 'secretsmanager.GetSecretValue'
        ? [200, asked.includes('signing-keys') ? noKeys : theSecret]
        : target === 'secretsmanager.DescribeSecret'
          ? [200, '{}']
          : describeStacks(name);
    response.writeHead(status).end(body);
  };
  void answer();
});

function describeStacks(name: string): [number, string] {
  if (!stacks) return refusal(403, 'AccessDenied', `User: x is not authorized to perform: ${action}`);
  const outputs = stacks[name];
  if (!outputs) return refusal(400, 'ValidationError', `Stack with id ${name} does not exist`);
  const members = Object.entries(outputs).map(
    ([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`,
  );
  const stack = `<StackName>${name}</StackName><Outputs>${members.join('')}</Outputs>`;
  const result = `<DescribeStacksResult><Stacks><member>${stack}</member></Stacks></DescribeStacksResult>`;
  return [200, `<DescribeStacksResponse>${result}</DescribeStacksResponse>`];
}

const refusal = (status: number, code: string, message: string): [number, string] => [
  status,
  `<ErrorResponse><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
];

services.listen(0, '127.0.0.1');
await once(services, 'listening');
const address = services.address();
assert.ok(address !== null && typeof address === 'object');
afterAll(async () => {
  services.close();
  await database.close();
});

const aws = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  AWS_ENDPOINT_URL: `http://127.0.0.1:${address.port}`,
  AWS_ENDPOINT_URL_DYNAMODB: `${dynamodb.protocol}//${dynamodb.hostname}:${dynamodb.port}`,
};

/** Runs the program itself, in another folder and without the AWS settings of whoever runs the tests. */
async function postern(words: string, { env = {}, stdin = '' } = {}) {
  const child = spawn(process.execPath, [program, ...words.split(' ')], {
    cwd: tmpdir(),
    env: {
      PATH: process.env['PATH'],
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_CONFIG_FILE: '/dev/null',
      AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
      ...env,
    },
  });
  child.stdin.end(stdin);
  const [stdout, stderr, closed] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  return { code: v.parse(v.number(), closed[0]), stdout, stderr };
}

test('a deployed stage is found through its stacks, and a client is created in it', async () => {
  stacks = {
    'Sandbox-Stateful': { ClientsTable: table, HashKeySecret: 'hash-key', SigningKeysSecret: 'signing-keys' },
    'Sandbox-Stateless': { Url: 'https://abc.execute-api.eu-west-1.amazonaws.com' },
  };
  const secret = '9f86d081884c7d659a2feaa0c55ad015';
  const words =
    'client create --stage sandbox --name Acme --scope orders:read --client-id acme --secret-stdin';
  const ran = await postern(words, { env: aws, stdin: `${secret}\n` });
  expect(ran.stderr).toBe('');
  expect(ran.code).toBe(0);
  expect(ran.stdout).toMatch(/https:\/\/abc\.execute-api\.eu-west-1\.amazonaws\.com\/oauth\/token$/m);
  expect(ran.stdout).not.toContain(secret);

  const client = await dynamodbClientStore(database.dynamodb, table).findNow('acme');
  const key = deriveHashKeys(hashKey).clientSecret;
  assert.ok(matchClientSecret(key, client, [secret], 0));

  const shown = await postern('client show acme --stage sandbox', { env: aws });
  assert.match(shown.stdout, /last used never$/m, shown.stderr);
  const keys = await postern('key list --stage sandbox', { env: aws });
  assert.match(keys.stdout, /^There are no signing keys in sandbox yet/, keys.stderr);
});

test('a deployed stage with a JWT authorizer is known by the output of its stack', async () => {
  stacks = {
    'Sandbox-Stateful': { ClientsTable: table, HashKeySecret: 'hash-key', SigningKeysSecret: 'signing-keys' },
    'Sandbox-Stateless': { Url: 'https://abc.execute-api.eu-west-1.amazonaws.com', JwtAuthorizer: 'true' },
  };
  const words = 'client create --stage sandbox --name Bound --scope orders:read --dpop';
  const ran = await postern(words, { env: aws });
  expect(ran.code).toBe(0);
  expect(ran.stderr).toMatch(/^postern: sandbox has routes behind API Gateway's own JWT authorizer\. .*\n$/);
});

test('a stage that is not deployed, or may not be seen, says what to do', async () => {
  stacks = {};
  const absent = await postern('client list --stage production', { env: aws });
  expect(absent).toStrictEqual({
    code: 1,
    stdout: '',
    stderr:
      "postern: There is no stack Production-Stateful in eu-west-1: production is not deployed in this account and region. Deploy it with: npx cdk deploy 'Production/*'\n",
  });

  stacks = undefined;
  const denied = await postern('client list --stage sandbox --json', { env: aws });
  expect(denied.code).toBe(1);
  expect(JSON.parse(denied.stderr)).toStrictEqual({
    error: 'AWS does not allow it: User: x is not authorized to perform: cloudformation:DescribeStacks.',
  });
});

test('without a region or credentials it says which is missing', async () => {
  const { AWS_REGION, ...others } = aws;
  const nowhere = await postern('client list --stage sandbox', { env: others });
  expect(nowhere.code).toBe(1);
  expect(nowhere.stderr).toBe(
    'postern: No AWS region is set. Set AWS_REGION, such as AWS_REGION=eu-west-1.\n',
  );
  const nobody = await postern('client list --stage sandbox', { env: { AWS_REGION } });
  expect(nobody.code).toBe(1);
  expect(nobody.stderr).toMatch(/^postern: There are no usable AWS credentials: .*\n$/);
});

test('wrong usage is exit code 2, with nothing on standard output', async () => {
  const ran = await postern('client lst');
  expect(ran).toStrictEqual({
    code: 2,
    stdout: '',
    stderr: 'postern: There is no command client lst. Did you mean list?\nSee: npx postern client --help\n',
  });
});

test('it ends in silence where no one reads', async () => {
  const child = spawn('sh', ['-c', '"$0" "$1" --help | true', process.execPath, program], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  expect(await text(child.stderr)).toBe('');
});
