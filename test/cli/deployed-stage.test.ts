import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { deployedStage } from '../../cli/deployed-stage.ts';
import { afterThisFile } from '../after-this-test.ts';

const member = (...parts: string[]) => `<member>${parts.join('')}</member>`;
const element = (name: string, content: string) => `<${name}>${content}</${name}>`;

const stack = (stage: string, outputs: Record<string, string>) =>
  member(
    element('StackName', 'x'),
    element('Tags', member(element('Key', 'postern:stage'), element('Value', stage))),
    element(
      'Outputs',
      Object.entries(outputs)
        .map(([key, value]) => member(element('OutputKey', key), element('OutputValue', value)))
        .join(''),
    ),
  );

const outputs = {
  ClientsTable: 'clients',
  HashKeySecret: 'hash-key',
  SigningKeysSecret: 'signing-keys',
  MaximumAccessTokenLifetime: '14400',
  MaximumSessionLifetime: '7200',
};
/** What CloudFormation describes, page by page. */
const pages = [
  stack('other', { ...outputs, ClientsTable: 'of-another-stage' }) + stack('shop', outputs),
  member(element('StackName', 'untagged')) + stack('shop', { Url: 'https://auth.example.com' }),
];

beforeAll(async () => {
  const server = createServer((request, response) => {
    const respond = async () => {
      const token = new URLSearchParams(await text(request)).get('NextToken');
      const [page, next] = token === 'second' ? [pages[1], ''] : [pages[0], element('NextToken', 'second')];
      const result = element('DescribeStacksResult', element('Stacks', page ?? '') + next);
      response.end(element('DescribeStacksResponse', result));
    };
    void respond();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  Object.assign(process.env, {
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_CLOUDFORMATION: `http://127.0.0.1:${address.port}`,
  });
  afterThisFile(() => server.close());
});

describe('deployed stage whose record is not known', () => {
  test('is found by the tag of its stacks, whatever their names and on every page', async () => {
    const found = await deployedStage({ name: 'shop' });
    expect(found.outputs.ClientsTable).toBe('clients');
    expect(await found.url()).toBe('https://auth.example.com');
    expect(await found.hasJwtAuthorizer()).toBe(false);
    expect(found.options).toBe('--stage shop');
  });

  test('is refused with the tag if no stack has it', async () => {
    await expect(deployedStage({ name: 'production' })).rejects.toThrow(
      'There is no stack with the tag postern:stage=production in eu-west-1: production is not deployed in this account and region. Deploy it',
    );
  });
});
