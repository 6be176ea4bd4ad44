import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from '@jest/globals';
import { projectFolder, startStages } from './start-stages.ts';

const data = mkdtempSync(join(tmpdir(), 'postern-readme-'));
const stages = await startStages('--data', data);
afterAll(async () => {
  await stages.stop();
  rmSync(data, { recursive: true });
});
const { sandbox } = stages.ready.stages;

const readme = readFileSync(join(projectFolder, 'README.md'), 'utf8');
const fences = [...readme.matchAll(/^```(\S+)([^\n]*)\n(.*?)^```$/gms)].map(
  ([, language = '', info = '', text = '']) => ({ language, info: info.trim(), text }),
);
const shell = fences.filter(({ language }) => language === 'sh');

/** The same lines, against the stages of this test. */
const here = (script: string) =>
  script
    .replaceAll('http://127.0.0.1:4010', sandbox.url)
    .replaceAll('.local/', `${data}/`)
    .replaceAll('--local', `--local --port ${new URL(sandbox.url).port}`);

const run = (script: string) =>
  promisify(execFile)('bash', ['-euc', here(script)], { cwd: projectFolder, encoding: 'utf8' });

/** Each JSON value that stands on a line of its own. */
const jsonIn = (output: string) =>
  output
    .split(/\n|(?<=\})(?=\{)/)
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('the two commands are what package.json and CI run', () => {
  const commands = shell.map(({ text }) => text.trim());
  expect(commands).toContain('npm ci && npm start');
  expect(commands).toContain('npm test');
  expect(readFileSync(join(projectFolder, '.ci/run'), 'utf8')).toMatch(/^npm ci.*^npm test/ms);
});

test("a partner's journey, line by line, answers as it is shown", async () => {
  const start = readme.indexOf("## A partner's journey");
  const end = readme.indexOf('## Register partners');
  const part = [...readme.slice(start, end).matchAll(/^```(\S+)\n(.*?)^```$/gms)];
  const script = part.filter(([, language]) => language === 'sh').map(([, , text = '']) => `${text}echo\n`);
  const shown = part
    .filter(([, language]) => language === 'json')
    .map(([, , text = '']) => JSON.parse(text) as object);
  expect(shown.length).toBe(9);

  const { stdout } = await run(script.join(''));
  const answers = jsonIn(stdout);
  expect(answers.map((answer) => Object.keys(answer))).toStrictEqual(
    shown.map((answer) => Object.keys(answer)),
  );
  const fixed = [
    'error',
    'token_type',
    'expires_in',
    'scope',
    'status',
    'externalSubscriptionId',
    'screen_name',
  ];
  const constant = (answer: object) => Object.entries(answer).filter(([name]) => fixed.includes(name));
  expect(answers.map(constant)).toStrictEqual(shown.map(constant));
});

test("the operator's commands, line by line", async () => {
  const start = readme.indexOf('## Register partners');
  const end = readme.indexOf('## Deploy');
  const scripts = [...readme.slice(start, end).matchAll(/^```sh\n(.*?)^```$/gms)].map(
    ([, text = '']) => text,
  );
  // npx finds the program for the first command. It takes a second to do so, which the others need not repeat.
  let commands = 0;
  const script = scripts
    .join('')
    .replaceAll('npx postern', (npx) => ((commands += 1) === 1 ? npx : 'node bin/postern.js'));
  const { stdout } = await run(script);
  expect(stdout).toMatch(/MAG000000042/);
  expect(stdout).toMatch(/"status": ?"disabled"/);
  expect(stdout).toMatch(/AQ17NZ49WC/);
}, 300_000);

test('the stacks that are deployed are there', async () => {
  const deploy = shell.find(({ info }) => info === 'deploy')?.text ?? '';
  const patterns = [...deploy.matchAll(/^npx cdk deploy '(\w+\/\*)'$/gm)].map(([, pattern = '']) => pattern);
  expect(patterns).toStrictEqual(['Sandbox/*', 'Production/*']);
  const synthesize = shell.find(({ text }) => text.includes('cdk synth'))?.text ?? '';
  expect(synthesize.trim()).toBe("npx cdk synth -q '**'");
  const { stdout } = await run(
    `npx cdk list ${patterns.map((pattern) => `'${pattern}'`).join(' ')} --app '${process.env['POSTERN_ASSEMBLY']}'`,
  );
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/ \(.*/, ''));
  expect(ids.toSorted()).toStrictEqual([
    'Production/AccountApi',
    'Production/ExampleApi',
    'Production/Stateful',
    'Production/Stateless',
    'Sandbox/AccountApi',
    'Sandbox/ExampleApi',
    'Sandbox/Stateful',
    'Sandbox/Stateless',
  ]);
});
