import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { matchClientSecret } from '../../src/clients/client-secret.ts';
import { deriveHashKeys } from '../../src/keys/hash-keys.ts';
import { dynamodbClientStore } from '../../src/storage/client-store.ts';
import { afterThisFile } from '../after-this-test.ts';
import { testDatabase } from '../contract/tables.ts';

const program = fileURLToPath(new URL('../../bin/postern.js', import.meta.url));
const action = 'cloudformation:DescribeStacks';
const hashKey = 'the string that Secrets Manager generated';
const theSecret = JSON.stringify({ SecretString: hashKey });

const noKeys = JSON.stringify({ SecretString: '{}', VersionId: 'v0' });

const database = await testDatabase();
const table = await database.table();
const dynamodb = await database.dynamodb.config.endpoint?.();
assert.ok(dynamodb);

/** The deployed stacks with their outputs; `undefined` if the caller may not describe them. */
let stacks: Record<string, Record<string, string>> | undefined;

/** The actions of CloudFormation and Secrets Manager that a stage is found with. */
const services = createServer((request, response) => {
  const respond = async () => {
    const body = await text(request);
    const name = new URLSearchParams(body).get('StackName') ?? '';
    const target = request.headers['x-amz-target'];
    const [status, responseBody] =
      target === 'secretsmanager.GetSecretValue'
        ? [200, body.includes('signing-keys') ? noKeys : theSecret]
        : target === 'secretsmanager.DescribeSecret'
          ? [200, '{}']
          : describeStacks(name);
    response.writeHead(status).end(responseBody);
  };
  void respond();
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
afterThisFile(async () => {
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

/** Runs the program itself, in another folder and without the AWS settings of the developer. */
async function runProgram(words: string, { env = {}, stdin = '' } = {}) {
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

const deployed = {
  'Postern-Sandbox-Stateful': {
    ClientsTable: table,
    HashKeySecret: 'hash-key',
    SigningKeysSecret: 'signing-keys',
    MaximumAccessTokenLifetime: '14400',
    MaximumSessionLifetime: '7200',
  },
  'Postern-Sandbox-Stateless': { Url: 'https://abc.execute-api.eu-west-1.amazonaws.com' },
};
const Warned = v.strictObject({ warning: v.string() });
const Rotated = v.looseObject({
  secrets: v.array(v.looseObject({ createdAt: v.string(), expiresAt: v.exactOptional(v.string()) })),
});

describe('postern, for a deployed stage', () => {
  const secret = '9f86d081884c7d659a2feaa0c55ad015';
  let created: Awaited<ReturnType<typeof runProgram>>;
  beforeAll(async () => {
    stacks = deployed;
    const words =
      'client create --stage sandbox --name Acme --scope orders:read --client-id acme --secret-stdin';
    created = await runProgram(words, { env: aws, stdin: `${secret}\n` });
  });

  test('client create prints the URL of the stage, and not the secret', () => {
    expect(created).toMatchObject({ code: 0, stderr: '' });
    expect(created.stdout).toMatch(/https:\/\/abc\.execute-api\.eu-west-1\.amazonaws\.com\/oauth\/token$/m);
    expect(created.stdout).not.toContain(secret);
  });

  test("client create stores the secret with the stage's hash key", async () => {
    const client = await dynamodbClientStore(database.dynamodb, table).findNow('acme');
    const key = deriveHashKeys(hashKey).clientSecret;
    expect(matchClientSecret(key, client, [secret], 0)).toBeDefined();
  });

  test('client show finds the client', async () => {
    const shown = await runProgram('client show acme --stage sandbox', { env: aws });
    expect(shown).toMatchObject({ stderr: '', stdout: expect.stringMatching(/last used never$/m) });
  });

  test('key list reads the signing keys', async () => {
    const keys = await runProgram('key list --stage sandbox', { env: aws });
    const stdout = expect.stringMatching(/^There are no signing keys in sandbox yet/);
    expect(keys).toMatchObject({ stderr: '', stdout });
  });
});

describe('postern, for a deployed stage with a JWT authorizer', () => {
  test('knows it by the output of the stack, and warns of --dpop', async () => {
    stacks = {
      ...deployed,
      'Postern-Sandbox-Stateless': {
        Url: 'https://abc.execute-api.eu-west-1.amazonaws.com',
        JwtAuthorizer: 'true',
      },
    };
    const words = 'client create --stage sandbox --name Bound --scope orders:read --dpop';
    const ran = await runProgram(words, { env: aws });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(
      /^postern: sandbox has routes behind API Gateway's own JWT authorizer\. .*\n$/,
    );
  });
});

describe('postern, for a stage that cannot be found', () => {
  test('says how to deploy a stage that is not deployed', async () => {
    stacks = {};
    expect(await runProgram('client list --stage production', { env: aws })).toStrictEqual({
      code: 1,
      stdout: '',
      stderr:
        "postern: There is no stack Postern-Production-Stateful in eu-west-1: production is not deployed in this account and region. Deploy it with: npx cdk deploy 'Postern-Production/*'\n",
    });
  });

  test('prints the action that AWS does not allow', async () => {
    stacks = undefined;
    const denied = await runProgram('client list --stage sandbox --json', { env: aws });
    expect(denied.code).toBe(1);
    expect(JSON.parse(denied.stderr)).toStrictEqual({
      error: 'AWS does not allow it: User: x is not authorized to perform: cloudformation:DescribeStacks.',
    });
  });

  test('says that no region is set', async () => {
    const { AWS_REGION: _, ...env } = aws;
    const ran = await runProgram('client list --stage sandbox', { env });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toBe(
      'postern: No AWS region is set. Set AWS_REGION, such as AWS_REGION=eu-west-1. For a stage that npm start runs, add --local.\n',
    );
  });

  test('says that there are no credentials', async () => {
    const { AWS_REGION } = aws;
    const ran = await runProgram('client list --stage sandbox', { env: { AWS_REGION } });
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/^postern: There are no usable AWS credentials: .*\n$/);
  });
});

describe('bin/postern.js', () => {
  test('exits with code 2 and an empty standard output if the command line is not valid', async () => {
    expect(await runProgram('client lst')).toStrictEqual({
      code: 2,
      stdout: '',
      stderr: 'postern: There is no command client lst. Did you mean list?\nSee: npx postern client --help\n',
    });
  });

  test('prints nothing on standard error if its reader has closed the pipe', async () => {
    const child = spawn('sh', ['-c', '"$0" "$1" --help | true', process.execPath, program], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    expect(await text(child.stderr)).toBe('');
  });
});

test('postern client create refuses a longer lifetime than the outputs of the deployed stage allow', async () => {
  stacks = deployed;
  const words =
    'client create --stage sandbox --name Acme --scope orders:read --client-id long --token-lifetime 14401';
  const ran = await runProgram(words, { env: aws });
  expect(ran.code).toBe(1);
  expect(ran.stderr).toMatch(/must be at most 14400 seconds, which is the maximum of the stage/);
});

describe('postern, with a clock that is two minutes behind', () => {
  const behind = 'const { now } = Date; Date.now = () => now() - 120_000;';
  const env = { ...aws, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(behind)}` };
  const warning =
    /^postern: The clock of this machine is 1(19|20|21) seconds behind that of DynamoDB, which is used instead/;
  const isNow = (time: string | undefined, later = 0) =>
    Math.abs(Date.parse(String(time)) - later * 1_000 - Date.now()) < 10_000;

  test('client create uses the time of DynamoDB, and warns', async () => {
    stacks = deployed;
    const words = 'client create --stage sandbox --name Acme --scope orders:read --client-id behind';
    const ran = await runProgram(words, { env });
    expect(ran.stderr).toMatch(warning);
    expect(isNow(/^created +(.+)$/m.exec(ran.stdout)?.[1])).toBe(true);
  });

  test('client rotate-secret uses the time of DynamoDB, and warns in JSON with --json', async () => {
    stacks = deployed;
    const words = 'client rotate-secret behind --stage sandbox --overlap 3600 --json';
    const ran = await runProgram(words, { env });
    expect(v.parse(Warned, JSON.parse(ran.stderr)).warning).toMatch(/behind that of DynamoDB/);
    const [old, added] = v.parse(Rotated, JSON.parse(ran.stdout)).secrets;
    expect(isNow(added?.createdAt)).toBe(true);
    expect(isNow(old?.expiresAt, 3_600)).toBe(true);
  });
});
