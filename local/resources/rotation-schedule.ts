import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';
import * as v from 'valibot';
import { LocalFailure } from '../failure.ts';
import { functionArnOf } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import { rotateOrResume } from './rotate-or-resume.ts';
import type { StageEnvironment } from './stage-environment.ts';

const rotationSchedule = {
  run: {
    SecretId: v.string(),
    RotationLambdaARN: v.optional(v.string()),
    RotationRules: v.optional(
      v.object({
        AutomaticallyAfterDays: v.exactOptional(v.number()),
        Duration: v.exactOptional(v.string()),
        ScheduleExpression: v.exactOptional(v.string()),
      }),
    ),
    RotateImmediatelyOnUpdate: v.optional(v.boolean(), true),
  },
  // The function of a hosted rotation is AWS's own, and there is none of it here.
  withoutEffect: ['HostedRotationLambda'],
} satisfies PropertyRule<v.ObjectEntries>;

/**
 * `AWS::SecretsManager::RotationSchedule`: rotates at once, as its creation in AWS does, and waits for it. A second
 * start finds the secret rotated, or completes the rotation. The schedule itself does not run locally. A secret whose
 * rotation function does not run on this machine keeps its first value.
 */
export async function createRotationSchedule(
  request: ResourceRequest,
  { clients: { secretsManager }, functions, notRun, progress, stageName }: StageEnvironment,
): Promise<CreatedResource> {
  const schedule = readProperties(rotationSchedule, request, notRun);
  const { SecretId, RotationRules } = schedule;
  const RotationLambdaARN = functionArnOf(schedule.RotationLambdaARN ?? '');
  const obstacle = functions.obstacleOf(RotationLambdaARN);
  if (obstacle?.kind === 'code')
    throw new LocalFailure(`the rotation function does not run: ${obstacle.reason}`);
  if (obstacle || !functions.has(RotationLambdaARN)) {
    notRun.resource(request.type);
    return { ref: SecretId };
  }
  functions.need(RotationLambdaARN);
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
