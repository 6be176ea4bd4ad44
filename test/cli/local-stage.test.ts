import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { localStage } from '../../cli/local-stage.ts';
import { commercelayer, stages } from '../../lib/stages.ts';

const [sandbox] = stages;
assert.ok(sandbox);

const names = { ClientsTable: 'clients', HashKeySecret: 'hash-key', SigningKeysSecret: 'signing-keys' };
const read = { ...names, MaximumAccessTokenLifetime: 14_400, MaximumSessionLifetime: 7_200 };
const maximums = { MaximumAccessTokenLifetime: '14400', MaximumSessionLifetime: '7200' };
const outputs = { ...names, ...maximums, Url: 'http://127.0.0.1:4001' };
const running = (sandboxPort: number) => ({
  pid: sandboxPort,
  startedAt: '2026-05-04T03:02:01Z',
  dynamodbEndpoint: `http://127.0.0.1:${sandboxPort + 10}`,
  operator: { accessKeyId: `id-${sandboxPort}`, secretAccessKey: 'secret' },
  secretsManagerEndpoint: `http://127.0.0.1:${sandboxPort + 20}`,
  stages: {
    sandbox: { url: `http://127.0.0.1:${sandboxPort}`, port: sandboxPort, outputs },
    production: { url: `http://127.0.0.1:${sandboxPort + 1}`, port: sandboxPort + 1, outputs },
  },
});

describe('postern --local, with one running instance', () => {
  const location = localStage(sandbox, undefined, [running(4001)]);

  test('finds the URL of the stage', async () => {
    expect(await location.url()).toBe('http://127.0.0.1:4001');
  });

  test('prints commands with the options that select the stage', () => {
    expect(location.options).toBe('--stage sandbox --local');
  });

  test('reads the outputs of the stage that the command line needs', () => {
    expect(location.outputs).toStrictEqual(read);
  });

  test('connects to the DynamoDB of the instance', async () => {
    expect((await location.dynamodb.config.endpoint?.())?.port).toBe(4011);
  });

  test.each(['dynamodb', 'secretsManager'] as const)(
    'sends the access key of its operator: %s',
    async (service) => {
      expect((await location[service].config.credentials()).accessKeyId).toBe('id-4001');
    },
  );

  test('connects to the Secrets Manager of the instance', async () => {
    expect((await location.secretsManager.config.endpoint?.())?.port).toBe(4021);
  });

  test('finds routes behind the JWT authorizer if an output says so', async () => {
    const { sandbox: plain, production } = running(4001).stages;
    const withOutput = { ...plain, outputs: { ...outputs, JwtAuthorizer: 'true' } };
    const instance = { ...running(4001), stages: { sandbox: withOutput, production } };
    expect(await localStage(sandbox, undefined, [instance]).hasJwtAuthorizer()).toBe(true);
  });

  test('finds no routes behind the JWT authorizer without that output', async () => {
    expect(await location.hasJwtAuthorizer()).toBe(false);
  });

  test('refuses a stage that the instance does not have', () => {
    const { production } = running(4001).stages;
    const partial = { ...running(4001), stages: { production } };
    expect(() => localStage(sandbox, undefined, [partial])).toThrow(
      /do not include sandbox: production on port 4002\. Start them again with: npm start$/,
    );
  });

  test('names the option that runs the stage of Commerce Layer', () => {
    expect(() => localStage(commercelayer, undefined, [running(4001)])).toThrow(
      /Start them again with: npm start -- --commercelayer$/,
    );
  });
});

describe('postern --local, with several running instances', () => {
  const instances = [running(4001), running(5001)];

  test('finds the instance that has the port of --port', async () => {
    const location = localStage(sandbox, 5002, instances);
    expect(await location.url()).toBe('http://127.0.0.1:5001');
    expect(location.options).toBe('--stage sandbox --local --port 5002');
  });

  test('requires --port, and lists the ports', () => {
    expect(() => localStage(sandbox, undefined, instances)).toThrow(
      expect.objectContaining({
        name: 'Refused',
        message:
          'Local stages are running more than once: choose them with --port. Running: sandbox on port 4001, production on port 4002; sandbox on port 5001, production on port 5002.',
      }),
    );
  });

  test('refuses a port that no stage listens on', () => {
    expect(() => localStage(sandbox, 6001, instances)).toThrow(/No local stage listens on port 6001/);
  });
});

describe('postern --local, with no running instance', () => {
  test('says how to start one', () => {
    expect(() => localStage(sandbox, undefined, [])).toThrow(
      expect.objectContaining({
        name: 'Refused',
        message: 'No local stages are running. Start them with: npm start',
      }),
    );
  });
});
