import assert from 'node:assert/strict';
import { stages } from '../../lib/stages.ts';
import type { StageRecord } from '../../lib/stages.ts';

const [sandbox] = stages;
assert.ok(sandbox);
/** The record of the sandbox, which the variants differ from in one respect each. */
export const sandboxRecord: StageRecord = sandbox;

/** The example API behind API Gateway's own JWT authorizer. */
export const withJwtAuthorizer: StageRecord = { ...sandbox, id: 'SandboxJwtAuthorizer', jwtAuthorizer: true };

/** Challenges that API Gateway restores, with the Lambda authorizer: its denials have a challenge of ours. */
export const withRestoredChallenges: StageRecord = {
  ...sandbox,
  id: 'SandboxRestoredChallenges',
  jwtAuthorizer: false,
  restoreChallenges: true,
};
