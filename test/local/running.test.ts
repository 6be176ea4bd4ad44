import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { announceInstance, readRunningInstances } from '../../local/running.ts';
import { afterThisFile } from '../after-this-test.ts';

const temporary = mkdtempSync(join(tmpdir(), 'postern-test-'));
afterThisFile(() => rmSync(temporary, { recursive: true }));

const instance = (pid: number, startedAt: string) => ({
  pid,
  startedAt,
  dynamodbEndpoint: 'http://127.0.0.1:4001',
  secretsManagerEndpoint: 'http://127.0.0.1:4002',
  operator: { accessKeyId: 'id', secretAccessKey: 'secret' },
  stages: { sandbox: { url: 'http://127.0.0.1:4010', port: 4010, outputs: {} } },
});

describe('running instances', () => {
  const older = instance(process.pid, '2026-01-01T00:00:00Z');
  const newer = instance(process.ppid, '2026-01-02T00:00:00Z');

  test('are found, the newest first', () => {
    const folder = join(temporary, 'found');
    announceInstance(older, folder);
    announceInstance(newer, folder);
    expect(readRunningInstances(folder)).toStrictEqual([newer, older]);
  });

  test('are not found after their announcement was withdrawn', () => {
    const folder = join(temporary, 'withdrawn');
    const withdraw = announceInstance(older, folder);
    announceInstance(newer, folder);
    withdraw();
    expect(readRunningInstances(folder)).toStrictEqual([newer]);
  });

  test('are announced in a folder that only its owner can use', () => {
    const folder = join(temporary, 'private');
    announceInstance(older, folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  test('are announced in a file that only its owner reads, because it has the access key of the operator', () => {
    const folder = join(temporary, 'owner');
    announceInstance(older, folder);
    const modes = readdirSync(folder).map((file) => statSync(join(folder, file)).mode & 0o777);
    expect(modes).toStrictEqual([0o600]);
  });

  test('are removed if they were killed', () => {
    const folder = join(temporary, 'killed');
    announceInstance(instance(2 ** 30, '2026-01-01T00:00:00Z'), folder);
    expect(readRunningInstances(folder)).toStrictEqual([]);
    expect(readdirSync(folder)).toStrictEqual([]);
  });

  test('are not read from a folder that others can write to', () => {
    const folder = join(temporary, 'shared');
    announceInstance(older, folder);
    chmodSync(folder, 0o777);
    expect(() => readRunningInstances(folder)).toThrow(/can be changed by other users/);
  });
});
