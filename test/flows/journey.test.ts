import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import { journey } from '../../local/journey.ts';
import { localStages } from './stages.ts';

const { sandbox, production } = localStages();

for (const [name, stage] of Object.entries({ sandbox, production })) {
  test(`${name}: the lines that npm start prints can be pasted, and each answers`, async () => {
    const lines = journey({ name, ...stage });
    const commands = lines.filter((line) => line !== '' && !line.startsWith('#'));
    expect(commands.length).toBe(9);
    const { stdout } = await promisify(execFile)('bash', [
      '-euc',
      commands.map((line) => `${line}\necho`).join('\n'),
    ]);
    const answers = stdout.split('\n').filter((line) => line !== '');
    assert.equal(answers.length, 7, stdout);
    for (const answer of answers) {
      const body: unknown = JSON.parse(answer);
      assert.ok(typeof body === 'object' && body !== null && !('error' in body) && !('code' in body), answer);
    }
  });
}
