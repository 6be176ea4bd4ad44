import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as v from 'valibot';
import { startLocalStages } from '../../local/local-stages.ts';
import type { LocalStages } from '../../local/local-stages.ts';
import { silentProgress } from '../../local/progress.ts';
import { sandboxRecord } from './variants.ts';
import { call } from './wire.ts';

const assemblyFolder = process.env['POSTERN_TEST_ASSEMBLY'] ?? assert.fail('there is no cloud assembly');

const Secrets = v.array(
  v.looseObject({
    Name: v.string(),
    LastRotatedDate: v.optional(v.number()),
    Versions: v.record(v.string(), v.looseObject({ VersionStages: v.array(v.string()) })),
  }),
);
type Versions = v.InferOutput<typeof Secrets>[number]['Versions'];

const leftover = 'a'.repeat(32);
const created = Date.now() / 1000 - 3_600;
const version = (VersionStages: string[], SecretString?: string) => ({
  CreatedDate: created,
  VersionStages,
  ...(SecretString !== undefined && { SecretString }),
});

describe('a second start, after the first one was killed during a rotation of the signing keys', () => {
  const data = mkdtempSync(join(tmpdir(), 'postern-interrupted-'));
  const file = join(data, 'secrets.json');
  const lines: string[] = [];
  let rotatedKeys: string;
  const start = () =>
    startLocalStages({
      stages: [sandboxRecord],
      assemblyFolder,
      dataFolder: data,
      progress: { ...silentProgress(), line: (line) => lines.push(line) },
    });

  beforeAll(async () => {
    await (await start()).close();
    const [keys] = v
      .parse(v.pipe(v.string(), v.parseJson(), Secrets), readFileSync(file, 'utf8'))
      .filter(({ LastRotatedDate }) => LastRotatedDate !== undefined);
    const current = Object.values(keys?.Versions ?? {}).find(({ VersionStages }) =>
      VersionStages.includes('AWSCURRENT'),
    );
    rotatedKeys = String(current?.['SecretString']);
  });
  afterAll(() => rmSync(data, { recursive: true }));

  /** Gives the signing key secret the versions that the killed start has left. */
  function leave(Versions: Versions, LastRotatedDate?: number): void {
    const secrets = v.parse(v.pipe(v.string(), v.parseJson(), Secrets), readFileSync(file, 'utf8'));
    const changed = secrets.map((secret) =>
      'RotationLambdaARN' in secret ? { ...secret, LastRotatedDate, Versions } : secret,
    );
    writeFileSync(file, JSON.stringify(changed));
  }

  async function publishedBy({ stages }: LocalStages): Promise<string[]> {
    const { body } = await call(`${stages[0]?.url}/.well-known/jwks.json`);
    const { keys } = v.parse(v.object({ keys: v.array(v.object({ kid: v.string() })) }), body);
    return keys.map(({ kid }) => kid);
  }

  test.each([
    ['before createSecret has filled the new version', undefined],
    ['after createSecret', () => rotatedKeys],
  ] as const)('comes up with keys, if it was the first rotation: %s', async (_, pending) => {
    leave({ v0: version(['AWSCURRENT'], '{}'), [leftover]: version(['AWSPENDING'], pending?.()) });
    const stages = await start();
    try {
      expect(await publishedBy(stages)).toHaveLength(2);
      expect(readFileSync(file, 'utf8')).toMatch(/"LastRotatedDate": \d/);
    } finally {
      await stages.close();
    }
  });

  test('completes a later rotation', async () => {
    leave({ v1: version(['AWSCURRENT'], rotatedKeys), [leftover]: version(['AWSPENDING']) }, created);
    const stages = await start();
    try {
      expect(await publishedBy(stages)).toHaveLength(3);
    } finally {
      await stages.close();
    }
  });

  test('keeps the keys that it has if a later rotation cannot continue, and says so', async () => {
    lines.length = 0;
    leave({ v1: version(['AWSCURRENT'], rotatedKeys), [leftover]: version(['AWSPENDING'], '[]') }, created);
    const stages = await start();
    try {
      expect(lines.join('\n')).toMatch(/sandbox: an incomplete rotation failed again\. .*createSecret/);
      expect(readFileSync(file, 'utf8')).toContain(leftover);
    } finally {
      await stages.close();
    }
  });
});
