import assert from 'node:assert/strict';
import type { StageRecord } from '../../lib/stages.ts';
import { startLocalStages } from '../../local/local-stages.ts';
import { afterThisFile } from '../after-this-test.ts';
import { partnersOf } from './stages.ts';

/**
 * Starts a stage of the cloud assembly that global-setup.mjs has synthesized, for the tests of one file: a stage of
 * their own, of which they may rotate the keys, or a variant that no other test runs.
 */
export async function startInProcess(record: StageRecord, { remapChallenges = false } = {}) {
  const assemblyFolder = process.env['POSTERN_TEST_ASSEMBLY'] ?? assert.fail('there is no cloud assembly');
  const { stages, close } = await startLocalStages({ stages: [record], assemblyFolder, remapChallenges });
  afterThisFile(close);
  const [stage] = stages;
  assert.ok(stage);
  return partnersOf(record.name, { ...stage, issuer: stage.outputs['Issuer'] ?? stage.url });
}
