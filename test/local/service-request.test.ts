import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import { describe, expect, test } from '@jest/globals';
import { dynamodbClient, secretsManagerClient } from '../../local/clients.ts';
import { startDynamoDB } from '../../local/dynamodb/dynamodb.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import type { AccessKey } from '../../local/iam/access-key.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import { afterThisFile } from '../after-this-test.ts';

const operator = newAccessKey();
const control = localAccessControl(operator);
const dynamodb = await startDynamoDB(undefined, control);
const secretsManager = await startSecretsManager({
  file: undefined,
  control,
  invokeRotation: () => assert.fail('nothing rotates here'),
});
afterThisFile(async () => {
  await dynamodb.close();
  await secretsManager.close();
});

/** What becomes of a request on its way: before it is signed, or after. */
type Tampering = (request: Tampered) => void;
interface Tampered {
  readonly headers: Record<string, string>;
  body: unknown;
}
interface Call {
  readonly key?: AccessKey;
  readonly before?: Tampering;
  readonly after?: Tampering;
}

function tampered(request: unknown): Tampered {
  assert.ok(typeof request === 'object' && request !== null && 'headers' in request && 'body' in request);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the request of the SDK, which exports no type of it
  return request as Tampered;
}

/** A middleware of the SDK that changes a request, before it is signed or after it. */
const tampering =
  (change: Tampering | undefined) =>
  <Args extends { readonly request: unknown }, Output>(next: (args: Args) => Promise<Output>) =>
  (args: Args): Promise<Output> => {
    change?.(tampered(args.request));
    return next(args);
  };

/** Requests a table that DynamoDB does not have, which it says to callers with permission. */
async function callDynamoDB({ key = operator, before, after }: Call): Promise<unknown> {
  const client = dynamodbClient(dynamodb.endpoint, key);
  const command = new DescribeTableCommand({ TableName: 'none' });
  command.middlewareStack.add(tampering(before), { step: 'build' });
  command.middlewareStack.add(tampering(after), { step: 'deserialize' });
  try {
    return await client.send(command);
  } finally {
    client.destroy();
  }
}

/** Requests a secret that Secrets Manager does not have. */
async function callSecretsManager({ key = operator, before, after }: Call): Promise<unknown> {
  const client = secretsManagerClient(secretsManager.endpoint, key);
  const command = new DescribeSecretCommand({ SecretId: 'none' });
  command.middlewareStack.add(tampering(before), { step: 'build' });
  command.middlewareStack.add(tampering(after), { step: 'deserialize' });
  try {
    return await client.send(command);
  } finally {
    client.destroy();
  }
}

const served = { name: 'ResourceNotFoundException' };
const unknownKey = { name: 'UnrecognizedClientException' };
const wrongSignature = { name: 'InvalidSignatureException' };
const wrongHost = {
  name: 'AccessDeniedException',
  $metadata: expect.objectContaining({ httpStatusCode: 421 }),
};
const header =
  (name: string, value: string): Tampering =>
  ({ headers }) =>
    void (headers[name] = value);

describe.each([
  ['DynamoDB', callDynamoDB, () => dynamodb.endpoint],
  ['Secrets Manager', callSecretsManager, () => secretsManager.endpoint],
] as const)('local %s', (_, call, endpoint) => {
  test.each(['127.0.0.1', 'localhost', 'LOCALHOST:4001', '[::1]:4001'])(
    'serves the operator with the Host %s',
    async (host) => {
      await expect(call({ before: header('host', host) })).rejects.toMatchObject(served);
    },
  );

  test('serves a request that names its headers in another form', async () => {
    const before = header('x-amz-note', '  two   words ');
    await expect(call({ before })).rejects.toMatchObject(served);
  });

  test.each<[string, Call, object]>([
    ['the access key of another run', { key: newAccessKey() }, unknownKey],
    [
      'an access key that can be guessed',
      { key: { accessKeyId: 'local-operator', secretAccessKey: 'local' } },
      unknownKey,
    ],
    [
      'the id of the operator and another secret',
      { key: { ...operator, secretAccessKey: newAccessKey().secretAccessKey } },
      wrongSignature,
    ],
    ['a secret that can be guessed', { key: { ...operator, secretAccessKey: 'local' } }, wrongSignature],
    [
      'another body than the signed one',
      { after: (sent) => (sent.body = 'x'.repeat(Number(sent.headers['content-length']))) },
      wrongSignature,
    ],
    ['another operation than the signed one', { after: header('x-amz-target', 'x.y') }, wrongSignature],
    ['another time than the signed one', { after: header('x-amz-date', '20260101T000000Z') }, wrongSignature],
    ['no signature', { after: ({ headers }) => delete headers['authorization'] }, unknownKey],
    ['the scheme Bearer', { after: header('authorization', `Bearer ${operator.accessKeyId}`) }, unknownKey],
    ['a name that resolves to loopback', { before: header('host', 'rebound.example.com:4001') }, wrongHost],
    [
      'a name that begins with a loopback address',
      { before: header('host', '127.0.0.1.example.com') },
      wrongHost,
    ],
    ['a user before the Host', { before: header('host', 'localhost@example.com') }, wrongHost],
  ])('refuses %s', async (_case, options, error) => {
    await expect(call(options)).rejects.toMatchObject(error);
  });

  test.each([
    ['without a key', {}, 400, 'UnrecognizedClientException'],
    ['with the Host of a page', { host: 'rebound.example.com' }, 421, 'AccessDeniedException'],
  ])('responds to a request %s before it has the body', async (_case, headers, status, type) => {
    const sent = httpRequest(endpoint(), {
      method: 'POST',
      headers: { 'content-length': '1000000', ...headers },
    });
    sent.on('error', () => {});
    sent.flushHeaders();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(status);
    expect(await json(response)).toMatchObject({ __type: type });
    sent.destroy();
  });

  test.each(['GET', 'OPTIONS'])('refuses %s from a page in a browser', async (method) => {
    const response = await fetch(endpoint(), { method, headers: { origin: 'https://example.com' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

test('no two access keys are equal', () => {
  const keys = Array.from({ length: 100 }, newAccessKey);
  expect(new Set(keys.map(({ accessKeyId }) => accessKeyId)).size).toBe(100);
  expect(new Set(keys.map(({ secretAccessKey }) => secretAccessKey)).size).toBe(100);
});
