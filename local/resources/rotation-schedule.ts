import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { parseProperties } from './properties.ts';
import { rotateOrResume } from './rotate-or-resume.ts';
import type { StageEnvironment } from './stage-environment.ts';

const RotationSchedule = v.strictObject({
  SecretId: v.string(),
  RotationLambdaARN: v.string(),
  RotationRules: v.optional(
    v.strictObject({
      AutomaticallyAfterDays: v.exactOptional(v.number()),
      Duration: v.exactOptional(v.string()),
      ScheduleExpression: v.exactOptional(v.string()),
    }),
  ),
  RotateImmediatelyOnUpdate: v.optional(v.boolean(), true),
});

/**
 * `AWS::SecretsManager::RotationSchedule`: rotates at once, as its creation in AWS does, and waits for it.
 * A second start finds the secret rotated, or completes the rotation. The schedule itself does not run locally.
 */
export async function createRotationSchedule(
  { properties }: ResourceRequest,
  { clients: { secretsManager }, progress, stageName }: StageEnvironment,
): Promise<CreatedResource> {
  const schedule = parseProperties(RotationSchedule, properties);
  const { SecretId, RotationLambdaARN, RotationRules } = schedule;
  const { LastRotatedDate, Name } = await secretsManager.send(new DescribeSecretCommand({ SecretId }));
  const RotateImmediately = LastRotatedDate === undefined && schedule.RotateImmediatelyOnUpdate;
  const rotate = () =>
    rotateOrResume(
      secretsManager,
      { SecretId, RotationLambdaARN, RotationRules, RotateImmediately },
      (problem) => progress.line(`  ${stageName}: ${problem}`),
    );
  await (RotateImmediately
    ? progress.step(`${stageName}: first rotation of ${Name ?? SecretId}`, rotate)
    : rotate());
  return { ref: SecretId };
}
