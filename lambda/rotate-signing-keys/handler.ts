import * as v from 'valibot';
import { systemClock } from '../../src/clock.ts';
import { readEnvironment } from '../../src/env.ts';
import { signingAlgorithmNames } from '../../src/keys/algorithms.ts';
import { rotationSteps } from '../../src/keys/rotation.ts';
import { jsonLog } from '../../src/log.ts';
import { parseTokenPolicy } from '../../src/oauth/stage-policies.ts';
import { dynamodb } from '../../src/storage/dynamodb.ts';
import { dynamodbPublishedKeySetStore } from '../../src/storage/published-key-set-store.ts';
import { secretsManager } from '../../src/storage/secrets.ts';
import { signingKeySetVersions } from '../../src/storage/signing-key-set-store.ts';

const env = readEnvironment('CLIENTS_TABLE', 'SIGNING_ALGORITHM', 'TOKEN_POLICY');
const terms = {
  algorithm: v.parse(v.picklist(signingAlgorithmNames), env.SIGNING_ALGORITHM),
  longestTokenLifetime: parseTokenPolicy(env.TOKEN_POLICY).maximumAccessTokenLifetime,
};
const log = jsonLog(process.stdout);
const secrets = secretsManager();
const published = dynamodbPublishedKeySetStore(dynamodb(), env.CLIENTS_TABLE);

/** The event with which Secrets Manager invokes a rotation function. */
const RotationEvent = v.object({
  SecretId: v.string(),
  ClientRequestToken: v.string(),
  Step: v.picklist(['createSecret', 'setSecret', 'testSecret', 'finishSecret']),
});

export async function handler(event: unknown): Promise<void> {
  const { SecretId, ClientRequestToken: versionId, Step } = v.parse(RotationEvent, event);
  await rotationSteps[Step]({
    versionId,
    versions: signingKeySetVersions(secrets, SecretId),
    published,
    terms,
    clock: systemClock,
  });
  log('INFO', { event: `rotation_${Step}` });
}
