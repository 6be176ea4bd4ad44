import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.equal(await place.url(), 'http://127.0.0.1:4001');
  assert.equal(place.options, '--stage sandbox --local');
  assert.deepEqual(place.outputs, read);
  assert.equal((await place.dynamodb.config.endpoint?.())?.port, 4011);
  assert.equal((await place.secretsManager.config.endpoint?.())?.port, 4021);
});

test('of several the one is taken that has the port', async () => {
  const instances = [running(4001), running(5001)];
  const place = localStage(sandbox, 5002, instances);
  assert.equal(await place.url(), 'http://127.0.0.1:5001');
  assert.equal(place.options, '--stage sandbox --local --port 5002');

  assert.throws(() => localStage(sandbox, undefined, instances), {
    name: 'Refused',
    message:
      'Local stages run more than once: say which with --port. Running: sandbox on port 4001, production on port 4002; sandbox on port 5001, production on port 5002.',
  });
  assert.throws(() => localStage(sandbox, 6001, instances), /No local stage listens on port 6001/);
});

test('where none runs, or not this stage, it says how to start it', () => {
  assert.throws(() => localStage(sandbox, undefined, []), {
    name: 'Refused',
    message: 'No local stages are running. Start them with: npm start',
  });
  const { production } = running(4001).stages;
  const partial = { ...running(4001), stages: { production } };
  assert.throws(() => localStage(sandbox, undefined, [partial]), /have no sandbox: production on port 4002/);
});
