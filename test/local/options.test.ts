import assert from 'node:assert/strict';
import { isAbsolute } from 'node:path';
import { expect, test } from '@jest/globals';
import { UsageError } from '../../cli/failures.ts';
import { readOptions, usage } from '../../local/options.ts';

test('each stage has a port of its own', () => {
  const { ports, dataFolder, json } = readOptions([]);
  expect(ports).toStrictEqual({ sandbox: 4010, production: 4020 });
  assert.ok(dataFolder !== undefined && isAbsolute(dataFolder) && dataFolder.endsWith('.local'));
  expect(json).toBe(false);
  expect(readOptions(['--sandbox-port', '0', '--production-port=65535']).ports).toStrictEqual({
    sandbox: 0,
    production: 65535,
  });
  expect(usage).toMatch(/--production-port PORT +Port of production, 4020/);
});

test('keeps nothing when it is ephemeral', () => {
  expect(readOptions(['--ephemeral']).dataFolder).toBeUndefined();
});

test('watches and lets a debugger attach where it is told to', () => {
  const plain = readOptions([]);
  expect(plain.watch).toBe(false);
  expect(plain.inspectPort).toBeUndefined();
  expect(readOptions(['--watch', '--inspect']).inspectPort).toBe(9_229);
  expect(readOptions(['--inspect=9230', '--json']).inspectPort).toBe(9_230);
  expect(readOptions(['--watch']).watch).toBe(true);
  expect(usage).toMatch(/--watch .*lambda\/ or src\//);
  expect(usage).toMatch(/--inspect\[=PORT\] /);
});

test('a stage has the issuer that it is given, and the others their own', () => {
  expect(readOptions([]).issuers).toStrictEqual({});
  const options = [
    '--commercelayer',
    '--issuer-sandbox=https://auth.example.com/base',
    '--issuer-commercelayer=https://auth.example.test:8443',
  ];
  expect(readOptions(options).issuers).toStrictEqual({
    sandbox: 'https://auth.example.com/base',
    commercelayer: 'https://auth.example.test:8443',
  });
});

test('the issuer of a stage that does not run is refused', () => {
  expect(() => readOptions(['--issuer-commercelayer', 'https://auth.example.test'])).toThrow(
    '--issuer-commercelayer needs --commercelayer',
  );
});

test('names the option that was meant', () => {
  expect(() => readOptions(['--wach'])).toThrow(
    expect.objectContaining({ message: 'There is no option --wach. Did you mean --watch?' }),
  );
  expect(() => readOptions(['--sandbox-port', 'x'])).toThrow(
    expect.objectContaining({ message: '--sandbox-port must be a port.' }),
  );
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
  ...[
    'x',
    'http://auth.example.com',
    'https://auth.example.com/',
    'https://auth.example.com/base/',
    'https://auth.example.com//base',
    'https://auth.example.com?a',
    'https://auth.example.com#a',
    'https://Auth.example.com',
    'https://user@auth.example.com',
    'https://auth.example.com/a b',
  ].map((url) => ['--issuer-sandbox', url]),
  ['--inspect', '9230'],
]) {
  test(`does not take ${args.join(' ')}`, () => {
    assert.throws(
      () => readOptions(args),
      (error) => error instanceof UsageError && !error.message.includes('\n'),
    );
  });
}
