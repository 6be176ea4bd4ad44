import * as v from 'valibot';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { functionLog } from '../../src/function-log.ts';
import { signingAlgorithmNames } from '../../src/keys/algorithms.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import { causeOf } from '../../src/log.ts';
import { parseTokenPolicy } from '../../src/oauth/stage-policies.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';
import { secretsManager } from '../../src/storage/secrets.ts';
import { signingKeySetVersions } from '../../src/storage/signing-key-set-store.ts';

const env = readEnvironment('STAGE', 'CLIENTS_TABLE', 'SIGNING_ALGORITHM', 'TOKEN_POLICY');
const terms = {
  algorithm: v.parse(v.picklist(signingAlgorithmNames), env.SIGNING_ALGORITHM),
  longestTokenLifetime: parseTokenPolicy(env.TOKEN_POLICY).maximumAccessTokenLifetime,
};
const { log, observe } = functionLog({ stage: env.STAGE });
const secrets = secretsManager();
const published = dynamodbPublishedKeySetStore(dynamodb(), env.CLIENTS_TABLE);

/** The event with which Secrets Manager invokes a rotation function. */
const RotationEvent = v.object({
  SecretId: v.string(),
  ClientRequestToken: v.string(),
  Step: v.picklist(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
});

async function rotate(event: unknown): Promise<void> {
  const { SecretId, ClientRequestToken: versionId, Step } = v.parse(RotationEvent, event);
  try {
    await rotationSteps[Step]({
      versionId,
      versions: signingKeySetVersions(secrets, SecretId),
      published,
      terms,
      clock: systemClock,
    });
  } catch (error) {
    log('ERROR', { event: 'rotation_failed', reason: Step, ...causeOf(error) });
    throw error;
  }
  log('INFO', { event: `rotation_${Step}` });
}

export const handler = observe(rotate);
