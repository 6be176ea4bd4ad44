import assert from 'node:assert/strict';
import { isAbsolute } from 'node:path';
import { test } from 'node:test';
import { readOptions, usage, UsageError } from '../../local/options.ts';

test('each stage has a port of its own', () => {
  const { ports, dataFolder, json } = readOptions([]);
  assert.deepEqual(ports, { sandbox: 4010, production: 4020 });
  assert.ok(dataFolder !== undefined && isAbsolute(dataFolder) && dataFolder.endsWith('.local'));
  assert.equal(json, false);
  assert.deepEqual(readOptions(['--sandbox-port', '0', '--production-port=65535']).ports, {
    sandbox: 0,
    production: 65535,
  });
  assert.match(usage, /--production-port <port>/);
});

test('keeps nothing when it is ephemeral', () => {
  assert.equal(readOptions(['--ephemeral']).dataFolder, undefined);
});

for (const args of [
  ['--nope'],
  ['extra'],
  ['--sandbox-port'],
  ['--sandbox-port', 'abc'],
  ['--sandbox-port', '-1'],
  ['--sandbox-port', '65536'],
  ['--sandbox-port', '1.5'],
  ['--staging-port', '1'],
  ['--data', ''],
  ['--data', 'x', '--ephemeral'],
  ['--json=yes'],
]) {
  test(`does not take ${args.join(' ')}`, () => {
    assert.throws(
      () => readOptions(args),
      (error) => error instanceof UsageError && !error.message.includes('\n'),
    );
  });
}
