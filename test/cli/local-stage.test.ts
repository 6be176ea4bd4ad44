import assert from 'node:assert/strict';
import { expect, test } from '@jest/globals';
import { localStage } from '../../cli/local-stage.ts';
import { stages } from '../../lib/stages.ts';

const [sandbox] = stages;
assert.ok(sandbox);

const read = { ClientsTable: 'clients', HashKeySecret: 'hash-key', SigningKeysSecret: 'signing-keys' };
const outputs = { ...read, Url: 'http://127.0.0.1:4001' };
const running = (sandboxPort: number) => ({
  pid: sandboxPort,
  startedAt: '2026-05-04T03:02:01Z',
  dynamodbEndpoint: `http://127.0.0.1:${sandboxPort + 10}`,
  secretsManagerEndpoint: `http://127.0.0.1:${sandboxPort + 20}`,
  stages: {
    sandbox: { url: `http://127.0.0.1:${sandboxPort}`, port: sandboxPort, outputs },
    production: { url: `http://127.0.0.1:${sandboxPort + 1}`, port: sandboxPort + 1, outputs },
  },
});

test('the only instance that runs is taken', async () => {
  const place = localStage(sandbox, undefined, [running(4001)]);
  expect(await place.url()).toBe('http://127.0.0.1:4001');
  expect(place.options).toBe('--stage sandbox --local');
  expect(place.outputs).toStrictEqual(read);
  expect((await place.dynamodb.config.endpoint?.())?.port).toBe(4011);
  expect((await place.secretsManager.config.endpoint?.())?.port).toBe(4021);
});

test('it has routes behind the JWT authorizer if an output says so', async () => {
  const { sandbox: plain, production } = running(4001).stages;
  const withOutput = { ...plain, outputs: { ...outputs, JwtAuthorizer: 'true' } };
  const place = localStage(sandbox, undefined, [
    { ...running(4001), stages: { sandbox: withOutput, production } },
  ]);
  expect(await place.hasJwtAuthorizer()).toBe(true);
  expect(await localStage(sandbox, undefined, [running(4001)]).hasJwtAuthorizer()).toBe(false);
});

test('of several the one is taken that has the port', async () => {
  const instances = [running(4001), running(5001)];
  const place = localStage(sandbox, 5002, instances);
  expect(await place.url()).toBe('http://127.0.0.1:5001');
  expect(place.options).toBe('--stage sandbox --local --port 5002');

  expect(() => localStage(sandbox, undefined, instances)).toThrow(
    expect.objectContaining({
      name: 'Refused',
      message:
        'Local stages are running more than once: choose them with --port. Running: sandbox on port 4001, production on port 4002; sandbox on port 5001, production on port 5002.',
    }),
  );
  expect(() => localStage(sandbox, 6001, instances)).toThrow(/No local stage listens on port 6001/);
});

test('where none runs, or not this stage, it says how to start it', () => {
  expect(() => localStage(sandbox, undefined, [])).toThrow(
    expect.objectContaining({
      name: 'Refused',
      message: 'No local stages are running. Start them with: npm start',
    }),
  );
  const { production } = running(4001).stages;
  const partial = { ...running(4001), stages: { production } };
  expect(() => localStage(sandbox, undefined, [partial])).toThrow(
    /do not include sandbox: production on port 4002/,
  );
});
