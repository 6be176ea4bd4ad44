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
 * Rotates a secret. AWS responds before the rotation has begun; here the response comes when the
 * rotation is done, so that a start that rotates knows how it went.
 */
export async function rotateSecret(
  store: SecretStore,
  invoke: InvokeRotation,
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
  secret.RotationLambdaARN = functionArn;
  if (request.RotationRules) secret.RotationRules = request.RotationRules;
  store.save();
  if (!request.RotateImmediately) return { ARN: secret.ARN, Name: secret.Name };

  const versionId = pendingVersion(secret, request.ClientRequestToken);
  store.save();
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
  secret.LastRotatedDate = now();
  store.save();
  return { ARN: secret.ARN, Name: secret.Name, VersionId: versionId };
}

/** The version that the function is to fill: that of a rotation which did not finish, or a new one. */
function pendingVersion(secret: Secret, token: string | undefined): string {
  const pending = versionWithStage(secret, 'AWSPENDING');
  if (pending && !pending[1].VersionStages.includes('AWSCURRENT')) return pending[0];
  const versionId = token ?? randomUUID();
  secret.Versions[versionId] ??= { CreatedDate: now(), VersionStages: [] };
  moveStage(secret, 'AWSPENDING', versionId);
  return versionId;
}
