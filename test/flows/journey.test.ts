import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { journey } from '../../local/journey.ts';
import { localStages } from './stages.ts';

const { sandbox, production } = localStages();

test('lines that npm start prints call no example API where there is none', () => {
  const lines = journey({ ...production, hasExampleApi: false });
  expect(lines.join('\n')).toContain('/oauth/token');
  expect(lines.join('\n')).not.toContain('/subscriptions');
});

describe.each([sandbox, production])('lines that npm start prints, $name', (stage) => {
  const commands = journey(stage).filter((line) => line !== '' && !line.startsWith('#'));
  let responses: string[] = [];
  beforeAll(async () => {
    const script = commands.map((line) => `${line}\necho`).join('\n');
    const { stdout } = await promisify(execFile)('bash', ['-euc', script]);
    responses = stdout.split('\n').filter((line) => line !== '');
  });

  test('are nine commands with seven responses', () => {
    expect(commands.length).toBe(9);
    expect(responses.length).toBe(7);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])('can be pasted, and response %i is no error', (number) => {
    const body: unknown = JSON.parse(responses[number - 1] ?? '');
    expect(body).toStrictEqual(expect.any(Object));
    expect(body).not.toHaveProperty('error');
    expect(body).not.toHaveProperty('code');
  });
});
