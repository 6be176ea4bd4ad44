import { Validations } from 'aws-cdk-lib';
import { Rule } from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type { ISecret, Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

interface RotationFailedRuleProps {
  /**
   * The secret that is rotated, by its complete ARN: the event has it. With `exactOptionalPropertyTypes`, the class of
   * aws-cdk-lib is not assignable to its interface.
   */
  readonly secret: ISecret | Secret;
  /**
   * Receives the event. A topic of this app gets a policy that lets EventBridge publish to it; an imported one must have
   * such a policy, and the key of an encrypted one must allow `events.amazonaws.com` to use it.
   */
  readonly topic: ITopic;
}

/**
 * Tells a topic when a rotation of a secret has failed. Nothing else does: a deployment is complete before the first
 * rotation is, and the old value of a secret stays in use. The event is one that Secrets Manager writes to CloudTrail
 * (user guide of Secrets Manager, "CloudTrail entries" and "Match events with EventBridge"). EventBridge has it only in
 * an account with a trail that logs management events, and delivers it at best effort.
 */
export class RotationFailedRule extends Construct {
  constructor(scope: Construct, id: string, { secret, topic }: RotationFailedRuleProps) {
    super(scope, id);
    if (secret.secretFullArn === undefined) {
      throw new Error(
        `${this.node.path}: the secret must be given by its complete ARN, which its events have`,
      );
    }
    const rule = new Rule(this, 'Rule', {
      description: 'The rotation of a secret has failed',
      eventPattern: {
        source: ['aws.secretsmanager'],
        detailType: ['AWS Service Event via CloudTrail'],
        detail: {
          eventSource: ['secretsmanager.amazonaws.com'],
          eventName: ['RotationFailed'],
          additionalEventData: { SecretId: [secret.secretFullArn] },
        },
      },
      targets: [new SnsTopic(topic)],
    });
    Validations.of(rule).acknowledge({
      id: 'Serverless::Serverless-EventBusDLQ',
      reason:
        'An event that cannot be delivered is not the only sign: the age of the signing key has an alarm, too.',
    });
  }
}
