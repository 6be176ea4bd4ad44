import { describe, expect, test } from '@jest/globals';
import { helpOf, isRequired, spell } from '../../cli/arguments/parameters.ts';
import type { StageSelection } from '../../cli/command.ts';
import { commands } from '../../cli/commands.ts';
import { exampleFor } from '../../cli/stage-names.ts';
import { errorOf, postern } from './postern.ts';

describe('postern --help', () => {
  test.each([...commands])('lists %s with its summary', async (words, { summary }) => {
    const { code, stdout, stderr } = await postern(['--help']);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(words);
    expect(stdout).toContain(summary);
  });

  test('lists the commands of one noun alone', async () => {
    const { stdout } = await postern(['client', '--help']);
    expect(stdout).toMatch(/client delete/);
    expect(stdout).not.toMatch(/account create/);
  });
});

describe.each([...commands])('postern %s --help', (words, { parameters, examples }) => {
  test('shows an example', async () => {
    const { code, stdout } = await postern([...words.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`\n  npx postern ${words} `);
  });

  test.each(Object.entries(parameters))('shows the parameter %s', async (name, schema) => {
    const { stdout } = await postern([...words.split(' '), '--help']);
    expect(stdout).toContain(`\n  ${spell(name, helpOf(schema))}`);
  });

  test.each(examples)('has an example of this command with every required option: %s', (example) => {
    expect(example.startsWith(`npx postern ${words} `)).toBe(true);
    const required = Object.entries(parameters)
      .filter(([, schema]) => isRequired(schema) && helpOf(schema).positional !== true)
      .map(([name, schema]) => `${spell(name, helpOf(schema))} `);
    expect(required.filter((option) => !example.includes(option))).toStrictEqual([]);
  });
});

describe('postern --stage', () => {
  const stageIn = async (...argv: string[]) => {
    let selected: string | undefined;
    const connect = async ({ stage }: StageSelection) => {
      selected = stage;
      throw new Error('That is enough');
    };
    await postern(['client', 'list', ...argv], { connect });
    return selected;
  };

  test('with --local takes a stage that is not deployed', async () => {
    expect(await stageIn('--stage', 'commercelayer', '--local')).toBe('commercelayer');
  });

  test.each([[['--help']], [['key', '--help']], [['client', 'list', '--help']]])(
    'names only stages of the app in the help: %j',
    async (argv) => {
      const { stdout } = await postern(argv);
      expect(stdout).toMatch(/--stage STAGE +sandbox or production\b/);
      expect(stdout).not.toMatch(/commercelayer/);
    },
  );
});

describe('example of a command', () => {
  test.each([
    ['keeps a stage of the app', ['sandbox', 'production'], '--stage production --yes'],
    ['names a stage of the app instead of another', ['staging', 'live'], '--stage staging --yes'],
  ])('%s', (_, names, options) => {
    expect(exampleFor('npx postern key revoke x --stage production --yes', names)).toBe(
      `npx postern key revoke x ${options}`,
    );
  });
});

describe('postern --version', () => {
  test('prints the version of the package', async () => {
    expect((await postern(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('postern, with a command line that is not valid', () => {
  const noStage = ['client', 'list'];
  const list = [...noStage, '--stage', 'sandbox'];
  const cases: [string, readonly string[], RegExp][] = [
    ['no command', [], /The command comes first: npx postern COMMAND/],
    ['an option before the command', ['--stage', 'sandbox', ...noStage], /The command comes first/],
    [
      'a misspelt noun',
      ['cleint', 'list'],
      /no command cleint\. Did you mean client\?\nSee: npx postern --help/,
    ],
    [
      'an unknown noun that is a member of every object',
      ['constructor'],
      /no command constructor\. There is account, client, key or start/,
    ],
    [
      'a misspelt verb',
      ['client', 'crate'],
      /no command client crate\. Did you mean create\?\nSee: npx postern client --help/,
    ],
    ['a noun alone', ['client'], /npx postern client … \(create, list/],
    ['a misspelt option', [...noStage, '--stag', 'sandbox'], /no option --stag\. Did you mean --stage\?/],
    ['an unknown option', [...noStage, '--zzz'], /no option --zzz here/],
    ['an unknown short option', [...noStage, '-j'], /no option -j here/],
    [
      'a kid that begins with a hyphen',
      ['key', 'revoke', '-a1', '--yes'],
      /no option -a here\. A KID that begins with a hyphen comes last, after --/,
    ],
    ['a value of a flag', [...list, '--json=yes'], /--json takes no value/],
    ['a missing value', ['client', 'show', '--stage', 'sandbox'], /CLIENT_ID is missing/],
    ['a second value', ['client', 'show', 'a', 'b', '--stage', 'sandbox'], /more than CLIENT_ID/],
    [
      'a value of a command that takes none',
      ['client', 'list', 'all', '--stage', 'sandbox'],
      /a value without an option/,
    ],
    ['no stage', noStage, /--stage STAGE is missing: sandbox or production\.\n/],
    ['an unknown stage', [...noStage, '--stage', 'x'], /--stage must be sandbox or production\.\n/],
    [
      'a stage that is not deployed',
      [...noStage, '--stage', 'commercelayer'],
      /must be sandbox or production\. commercelayer is not deployed, and runs only on this machine: add --local\.\n/,
    ],
    [
      'a stage that does not run on this machine',
      [...noStage, '--stage', 'x', '--local'],
      /--stage must be sandbox or production or commercelayer\.\n/,
    ],
    ['--port without --local', [...list, '--port', '4001'], /--port goes with --local/],
    ['a port that is no number', [...list, '--local', '--port', 'x'], /--port must be a number/],
  ];

  test.each(cases)('refuses %s with exit code 2: %j', async (_, argv, message) => {
    const ran = await postern(argv);
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(message);
  });

  test('takes what follows -- as a value, even if it begins with a hyphen', async () => {
    const ran = await postern(['client', 'show', '--stage', 'sandbox', '--', '-x', '-y']);
    expect(ran.stderr).toMatch(/more than CLIENT_ID/);
  });

  test('prints the error as JSON with --json', async () => {
    expect(errorOf(await postern(['client', 'crate', '--json']))).toMatch(/Did you mean create\?/);
  });
});
