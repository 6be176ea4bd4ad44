import { isAbsolute } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { UsageError } from '../../cli/arguments/usage-error.ts';
import { readOptions, usage } from '../../local/options.ts';

describe('options of npm start', () => {
  test('have a port for each stage by default', () => {
    expect(readOptions([]).ports).toStrictEqual({ sandbox: 4010, production: 4020 });
  });

  test('set the port of each stage', () => {
    expect(readOptions(['--sandbox-port', '0', '--production-port=65535']).ports).toStrictEqual({
      sandbox: 0,
      production: 65535,
    });
  });

  test('keep data in .local by default', () => {
    const { dataFolder = '' } = readOptions([]);
    expect(isAbsolute(dataFolder)).toBe(true);
    expect(dataFolder).toMatch(/\.local$/);
  });

  test('keep no data with --ephemeral', () => {
    expect(readOptions(['--ephemeral']).dataFolder).toBeUndefined();
  });

  test('print no JSON, do not watch and do not inspect by default', () => {
    expect(readOptions([])).toMatchObject({ json: false, watch: false, inspectPort: undefined });
  });

  test('watch with --watch', () => {
    expect(readOptions(['--watch']).watch).toBe(true);
  });

  test('leave challenges as they are by default', () => {
    expect(readOptions([]).remapChallenges).toBe(false);
  });

  test('rename challenges with --remap-challenges', () => {
    expect(readOptions(['--remap-challenges']).remapChallenges).toBe(true);
  });

  test.each([
    ['on port 9229 with --inspect', ['--watch', '--inspect'], 9_229],
    ['on another port with --inspect=9230', ['--inspect=9230', '--json'], 9_230],
  ])('let a debugger attach %s', (_, words, port) => {
    expect(readOptions(words).inspectPort).toBe(port);
  });

  test('set the issuer of a stage, and leave the others their own', () => {
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

  test('are refused with the issuer of a stage that does not run', () => {
    expect(() => readOptions(['--issuer-commercelayer', 'https://auth.example.test'])).toThrow(
      '--issuer-commercelayer needs --commercelayer',
    );
  });

  test.each([
    ['--production-port', /--production-port PORT +Port of production, 4020/],
    ['--watch', /--watch .*lambda\/ or src\//],
    ['--inspect', /--inspect\[=PORT\] /],
  ])('have a help with %s', (_, line) => {
    expect(usage).toMatch(line);
  });

  test.each([
    ['name the option that was meant', ['--wach'], 'There is no option --wach. Did you mean --watch?'],
    ['name the option whose value is not valid', ['--sandbox-port', 'x'], '--sandbox-port must be a port.'],
  ])('%s', (_, words, message) => {
    expect(() => readOptions(words)).toThrow(expect.objectContaining({ message }));
  });

  test.each([
    [['--nope']],
    [['extra']],
    [['--sandbox-port']],
    [['--sandbox-port', 'abc']],
    [['--sandbox-port', '-1']],
    [['--sandbox-port', '65536']],
    [['--sandbox-port', '1.5']],
    [['--staging-port', '1']],
    [['--data', '']],
    [['--data', 'x', '--ephemeral']],
    [['--json=yes']],
    [['--inspect=x']],
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
    ].map((url) => [['--issuer-sandbox', url]]),
    [['--inspect', '9230']],
  ])('are refused with one line: %j', (words) => {
    expect(() => readOptions(words)).toThrow(UsageError);
    expect(() => readOptions(words)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('\n') }),
    );
  });
});
