import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { announceInstance, readRunningInstances } from '../../local/running.ts';

const temporary = mkdtempSync(join(tmpdir(), 'postern-test-'));
afterAll(() => rmSync(temporary, { recursive: true }));

const instance = (pid: number, startedAt: string) => ({
  pid,
  startedAt,
  dynamodbEndpoint: 'http://127.0.0.1:4001',
  secretsManagerEndpoint: 'http://127.0.0.1:4002',
  operator: { accessKeyId: 'id', secretAccessKey: 'secret' },
  stages: { sandbox: { url: 'http://127.0.0.1:4010', port: 4010, outputs: {} } },
});

test('running instances › are found while they run, the newest first', () => {
  const folder = join(temporary, 'found');
  const older = instance(process.pid, '2026-01-01T00:00:00Z');
  const newer = instance(process.ppid, '2026-01-02T00:00:00Z');
  const withdraw = announceInstance(older, folder);
  announceInstance(newer, folder);
  expect(readRunningInstances(folder)).toStrictEqual([newer, older]);
  withdraw();
  expect(readRunningInstances(folder)).toStrictEqual([newer]);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('running instances › an announcement, which has the access key of the operator, is for its owner only', () => {
  const folder = join(temporary, 'owner');
  announceInstance(instance(process.pid, '2026-01-01T00:00:00Z'), folder);
  const modes = readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777);
  expect(modes).toStrictEqual([0o600]);
});

test('running instances › one that was killed is forgotten', () => {
  const folder = join(temporary, 'killed');
  announceInstance(instance(2 ** 30, '2026-01-01T00:00:00Z'), folder);
  expect(readRunningInstances(folder)).toStrictEqual([]);
  expect(readdirSync(folder)).toStrictEqual([]);
});

test('running instances › a folder that others can write to is not believed', () => {
  const folder = join(temporary, 'shared');
  announceInstance(instance(process.pid, '2026-01-01T00:00:00Z'), folder);
  chmodSync(folder, 0o777);
  expect(() => readRunningInstances(folder)).toThrow(/can be changed by other users/);
});
