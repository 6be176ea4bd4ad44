import assert from 'node:assert/strict';
import { describe, expect, test } from '@jest/globals';
import { helpOf, isRequired, spell } from '../../cli/arguments/parameters.ts';
import { commands } from '../../cli/commands.ts';
import { errorOf, typed } from './typed.ts';

test.each([...commands])(
  'help lists every command, and of each every parameter and an example: %s',
  async (words, { summary, parameters }) => {
    const overview = await typed(['--help']);
    expect(overview.code).toBe(0);
    expect(overview.stderr).toBe('');

    assert.ok(overview.stdout.includes(words) && overview.stdout.includes(summary));
    const { code, stdout } = await typed([...words.split(' '), '--help']);
    expect(code).toBe(0);
    assert.ok(stdout.includes(`\n  npx postern ${words} `), `an example of ${words}`);
    for (const [name, schema] of Object.entries(parameters)) {
      assert.ok(stdout.includes(`\n  ${spell(name, helpOf(schema))}`), `${words}: ${name}`);
    }

    expect((await typed(['client', '--help'])).stdout).toMatch(/client delete/);
    expect((await typed(['client', '--help'])).stdout).not.toMatch(/account create/);
  },
);

test('every example is a command, with all that is required', async () => {
  for (const [words, { examples, parameters }] of commands) {
    for (const example of examples) {
      expect(example.startsWith(`npx postern ${words} `)).toBe(true);
      for (const [name, schema] of Object.entries(parameters)) {
        const help = helpOf(schema);
        if (!isRequired(schema) || help.positional === true) continue;
        assert.ok(example.includes(`${spell(name, help)} `), `${example}: ${name}`);
      }
    }
  }
});

test('the version is that of the package', async () => {
  expect((await typed(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

describe('what is no command is answered with the one that may be meant', () => {
  const wrong: [RegExp, ...string[]][] = [
    [/The command comes first: npx postern COMMAND/],
    [/The command comes first/, '--stage', 'sandbox', 'client', 'list'],
    [/no command cleint\. Did you mean client\?\nSee: npx postern --help/, 'cleint', 'list'],
    [/no command constructor\. There is account, client or key/, 'constructor'],
    [/no command client crate\. Did you mean create\?\nSee: npx postern client --help/, 'client', 'crate'],
    [/npx postern client … \(create, list/, 'client'],
    [/no option --stag\. Did you mean --stage\?/, 'client', 'list', '--stag', 'sandbox'],
    [/no option --zzz here/, 'client', 'list', '--zzz'],
    [/no option -j here/, 'client', 'list', '-j'],
    [
      /no option -a here\. A KID that begins with a hyphen comes last, after --/,
      'key',
      'revoke',
      '-a1',
      '--yes',
    ],
    [/--json takes no value/, 'client', 'list', '--stage', 'sandbox', '--json=yes'],
    [/CLIENT_ID is missing/, 'client', 'show', '--stage', 'sandbox'],
    [/more than CLIENT_ID/, 'client', 'show', 'a', 'b', '--stage', 'sandbox'],
    [/a value without an option/, 'client', 'list', 'all', '--stage', 'sandbox'],
    [/--stage STAGE is missing: sandbox or production/, 'client', 'list'],
    [/--port goes with --local/, 'client', 'list', '--stage', 'sandbox', '--port', '4001'],
    [/--port must be a number/, 'client', 'list', '--stage', 'sandbox', '--local', '--port', 'x'],
  ];

  test.each(wrong)('%s', async (message, ...argv) => {
    const ran = await typed(argv);
    expect(ran.stderr).toMatch(message);
    assert.equal(ran.code, 2, ran.stderr);
    expect(ran.stdout).toBe('');

    expect(errorOf(await typed(['client', 'crate', '--json']))).toMatch(/Did you mean create\?/);
  });
});

test('what follows -- is a value, whatever it looks like', async () => {
  const ran = await typed(['client', 'show', '--stage', 'sandbox', '--', '-x', '-y']);
  expect(ran.stderr).toMatch(/more than CLIENT_ID/);
});
