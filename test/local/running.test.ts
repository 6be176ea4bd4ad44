import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { announceInstance, readRunningInstances } from '../../local/running.ts';

const temporary = mkdtempSync(join(tmpdir(), 'postern-test-'));
after(() => rmSync(temporary, { recursive: true }));

const instance = (pid: number, startedAt: string) => ({
  pid,
  startedAt,
  dynamodbEndpoint: 'http://127.0.0.1:4001',
  secretsManagerEndpoint: 'http://127.0.0.1:4002',
  stages: { sandbox: { url: 'http://127.0.0.1:4010', port: 4010, outputs: {} } },
});

test('running instances › are found while they run, the newest first', () => {
  const folder = join(temporary, 'found');
  const older = instance(process.pid, '2026-01-01T00:00:00Z');
  const newer = instance(process.ppid, '2026-01-02T00:00:00Z');
  const withdraw = announceInstance(older, folder);
  announceInstance(newer, folder);
  assert.deepEqual(readRunningInstances(folder), [newer, older]);
  withdraw();
  assert.deepEqual(readRunningInstances(folder), [newer]);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
});

test('running instances › one that was killed is forgotten', () => {
  const folder = join(temporary, 'killed');
  announceInstance(instance(2 ** 30, '2026-01-01T00:00:00Z'), folder);
  assert.deepEqual(readRunningInstances(folder), []);
  assert.deepEqual(readdirSync(folder), []);
});

test('running instances › a folder that others can write to is not believed', () => {
  const folder = join(temporary, 'shared');
  announceInstance(instance(process.pid, '2026-01-01T00:00:00Z'), folder);
  chmodSync(folder, 0o777);
  assert.throws(() => readRunningInstances(folder), /can be changed by other users/);
});
