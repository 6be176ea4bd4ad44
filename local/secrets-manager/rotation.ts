import { randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { causeOf } from '../failure.ts';
import type { Secret, SecretStore } from './secret-store.ts';
import { ServiceError } from './service-error.ts';
import { now } from './timestamps.ts';
import { moveStage, versionWithStage } from './versions.ts';

/** Calls the function with this ARN on behalf of Secrets Manager, for the secret with `sourceArn`. */
export type InvokeRotation = (functionArn: string, event: object, sourceArn: string) => Promise<unknown>;

const RotateSecret = v.object({
  ClientRequestToken: v.optional(v.string()),
  RotationLambdaARN: v.optional(v.string()),
  RotationRules: v.optional(v.record(v.string(), v.union([v.string(), v.number()]))),
  RotateImmediately: v.optional(v.boolean(), true),
});

const steps = ['createSecret', 'setSecret', 'testSecret', 'finishSecret'] as const;

/**
 * The message for `RotateSecret` while a version has AWSPENDING and not AWSCURRENT. The API reference of `RotateSecret`:
 * "If the AWSPENDING staging label is present but not attached to the same version as AWSCURRENT, then any later
 * invocation of RotateSecret assumes that a previous rotation request is still in progress and returns an error." The
 * user guide of AWS PCS, "Recover from a stranded pending version", has the text of the error.
 */
const incompleteMessage = "A previous rotation isn't complete. That rotation will be reattempted.";

/** The secrets, by ARN, of which a rotation runs. */
export type RunningRotations = Set<string>;

/**
 * Rotates a secret. AWS responds before the rotation has begun; here the response comes when the
 * rotation is done, so that a start that rotates knows how it went. The same holds for a rotation that is attempted
 * again: it is complete before the response says that it will be.
 */
export async function rotateSecret(
  { store, running, invoke }: { store: SecretStore; running: RunningRotations; invoke: InvokeRotation },
  secret: Secret,
  input: unknown,
): Promise<unknown> {
  const request = v.parse(RotateSecret, input);
  const functionArn = request.RotationLambdaARN ?? secret.RotationLambdaARN;
  if (functionArn === undefined) {
    throw new ServiceError(
      'InvalidRequestException',
      'No Lambda rotation function ARN is associated with this secret.',
    );
  }
  // AWS does not document whether it takes these from a request that it refuses. An incomplete rotation could not
  // continue if its function had another ARN since.
  secret.RotationLambdaARN = functionArn;
  if (request.RotationRules) secret.RotationRules = request.RotationRules;
  store.save();

  const incomplete = incompleteVersion(secret);
  if (incomplete === undefined && !request.RotateImmediately) return { ARN: secret.ARN, Name: secret.Name };
  const versionId = incomplete ?? attachPending(secret, request.ClientRequestToken);
  store.save();
  if (!running.has(secret.ARN)) {
    running.add(secret.ARN);
    try {
      await runSteps(secret, { versionId, functionArn, invoke });
    } finally {
      running.delete(secret.ARN);
    }
    secret.LastRotatedDate = now();
    store.save();
  }
  if (incomplete !== undefined) throw new ServiceError('InvalidRequestException', incompleteMessage);
  return { ARN: secret.ARN, Name: secret.Name, VersionId: versionId };
}

async function runSteps(
  secret: Secret,
  { versionId, functionArn, invoke }: { versionId: string; functionArn: string; invoke: InvokeRotation },
): Promise<void> {
  for (const step of steps) {
    try {
      await invoke(
        functionArn,
        { SecretId: secret.ARN, ClientRequestToken: versionId, Step: step },
        secret.ARN,
      );
    } catch (error) {
      throw new ServiceError(
        'InvalidRequestException',
        `Rotation of ${secret.Name} failed in ${step}: ${causeOf(error)}`,
      );
    }
  }
  if (!secret.Versions[versionId]?.VersionStages.includes('AWSCURRENT')) {
    throw new ServiceError(
      'InvalidRequestException',
      `Rotation of ${secret.Name} failed: after finishSecret its new version is not AWSCURRENT`,
    );
  }
}

/** The version of a rotation that has begun and is not complete. */
function incompleteVersion(secret: Secret): string | undefined {
  const [versionId, version] = versionWithStage(secret, 'AWSPENDING') ?? [];
  return version?.VersionStages.includes('AWSCURRENT') === false ? versionId : undefined;
}

/** Attaches AWSPENDING to a new version, which is empty until the function fills it. */
function attachPending(secret: Secret, versionId: string = randomUUID()): string {
  secret.Versions[versionId] ??= { CreatedDate: now(), VersionStages: [] };
  moveStage(secret, 'AWSPENDING', versionId);
  return versionId;
}
