import assert from 'node:assert/strict';
import { isAbsolute } from 'node:path';
import { expect, test } from '@jest/globals';
import { readOptions, usage, UsageError } from '../../local/options.ts';

test('each stage has a port of its own', () => {
  const { ports, dataFolder, json } = readOptions([]);
  expect(ports).toStrictEqual({ sandbox: 4010, production: 4020 });
  assert.ok(dataFolder !== undefined && isAbsolute(dataFolder) && dataFolder.endsWith('.local'));
  expect(json).toBe(false);
  expect(readOptions(['--sandbox-port', '0', '--production-port=65535']).ports).toStrictEqual({
    sandbox: 0,
    production: 65535,
  });
  expect(usage).toMatch(/--production-port <port>/);
});

test('keeps nothing when it is ephemeral', () => {
  expect(readOptions(['--ephemeral']).dataFolder).toBeUndefined();
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
