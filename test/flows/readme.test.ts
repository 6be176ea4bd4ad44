import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { connectStage } from '../../cli/stage-connection.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback-server.ts';
import { afterThisFile, afterThisTest } from '../after-this-test.ts';
import { postern } from '../cli/postern.ts';
import { projectFolder, startStages } from './start-stages.ts';

const data = mkdtempSync(join(tmpdir(), 'postern-readme-'));
const stages = await startStages('--data', data);
afterThisFile(async () => {
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

function run(script: string) {
  const running = promisify(execFile)('bash', ['-euc', here(script)], {
    cwd: projectFolder,
    encoding: 'utf8',
  });
  running.child.stdin?.end();
  return running;
}

/** Runs what follows `npx postern` in this process: to start the program takes more time than its work. */
const commandServer = createServer((request, response) => {
  const respond = async () => {
    const form = new URLSearchParams(await readText(request));
    const options = { stdin: form.get('stdin') ?? '', connect: connectStage };
    const { code, stdout, stderr } = await postern(form.getAll('argument'), options);
    response.writeHead(code === 0 ? 200 : 500).end(stdout + stderr);
  };
  void respond();
});

/** Has bash send every `npx postern` of a script to `commandServer`, with its arguments and its standard input. */
const npxFunction = (port: number) => `npx() {
  local arguments=(); shift
  for argument; do arguments+=(--data-urlencode "argument=$argument"); done
  curl -sS --fail-with-body "\${arguments[@]}" --data-urlencode stdin@- http://127.0.0.1:${port}/
}
`;

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
  const port = await listenOnLoopback(commandServer, 0);
  afterThisTest(() => closeServer(commandServer));
  // The first command starts the program itself.
  const script = scripts.join('').replace('npx postern', 'command npx postern');
  const { stdout } = await run(npxFunction(port) + script);
  expect(stdout).toMatch(/MAG000000042/);
  expect(stdout).toMatch(/"status": ?"disabled"/);
  expect(stdout).toMatch(/AQ17NZ49WC/);
}, 300_000);

test('the stacks that are deployed are there', async () => {
  const deploy = shell.find(({ info }) => info === 'deploy')?.text ?? '';
  const patterns = [...deploy.matchAll(/^npx cdk deploy '([\w-]+\/\*)'$/gm)].map(
    ([, pattern = '']) => pattern,
  );
  expect(patterns).toStrictEqual(['Postern-Sandbox/*', 'Postern-Production/*']);
  const synthesize = shell.find(({ text }) => text.includes('cdk synth'))?.text ?? '';
  expect(synthesize.trim()).toBe("npx cdk synth -q '**'");
  const { stdout } = await run(
    `npx cdk list ${patterns.map((pattern) => `'${pattern}'`).join(' ')} --app '${process.env['POSTERN_TEST_ASSEMBLY']}'`,
  );
  const ids = stdout
    .trim()
    .split('\n')
    .map((line) => line.replace(/ \(.*/, ''));
  expect(ids.toSorted()).toStrictEqual([
    'Postern-Production/AccountApi',
    'Postern-Production/ExampleApi',
    'Postern-Production/Stateful',
    'Postern-Production/Stateless',
    'Postern-Sandbox/AccountApi',
    'Postern-Sandbox/ExampleApi',
    'Postern-Sandbox/Stateful',
    'Postern-Sandbox/Stateless',
  ]);
});
