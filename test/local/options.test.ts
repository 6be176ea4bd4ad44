import assert from 'node:assert/strict';
import { isAbsolute } from 'node:path';
import { test } from 'node:test';
import { UsageError } from '../../cli/failures.ts';
import { readOptions, usage } from '../../local/options.ts';

test('each stage has a port of its own', () => {
  const { ports, dataFolder, json } = readOptions([]);
  assert.deepEqual(ports, { sandbox: 4010, production: 4020 });
  assert.ok(dataFolder !== undefined && isAbsolute(dataFolder) && dataFolder.endsWith('.local'));
  assert.equal(json, false);
  assert.deepEqual(readOptions(['--sandbox-port', '0', '--production-port=65535']).ports, {
    sandbox: 0,
    production: 65535,
  });
  assert.match(usage, /--production-port PORT +Port of production, 4020/);
});

test('keeps nothing when it is ephemeral', () => {
  assert.equal(readOptions(['--ephemeral']).dataFolder, undefined);
});

test('watches and lets a debugger attach where it is told to', () => {
  const plain = readOptions([]);
  assert.equal(plain.watch, false);
  assert.equal(plain.inspectPort, undefined);
  assert.equal(readOptions(['--watch', '--inspect']).inspectPort, 9_229);
  assert.equal(readOptions(['--inspect=9230', '--json']).inspectPort, 9_230);
  assert.equal(readOptions(['--watch']).watch, true);
  assert.match(usage, /--watch .*lambda\/ or src\//);
  assert.match(usage, /--inspect\[=PORT\] /);
});

test('names the option that was meant', () => {
  assert.throws(() => readOptions(['--wach']), {
    message: 'There is no option --wach. Did you mean --watch?',
  });
  assert.throws(() => readOptions(['--sandbox-port', 'x']), { message: '--sandbox-port must be a port.' });
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
  ['--inspect=x'],
  ['--inspect', '9230'],
]) {
  test(`does not take ${args.join(' ')}`, () => {
    assert.throws(
      () => readOptions(args),
      (error) => error instanceof UsageError && !error.message.includes('\n'),
    );
  });
}
