import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { RotationFailedRule } from '../../lib/constructs/rotation-failed-rule.ts';

const stack = new Stack(new App({ builtinCloudFormationValidation: false }), 'Stack');
const secret = new Secret(stack, 'Keys');
const other = new Secret(stack, 'Other');
const topic = new Topic(stack, 'Alarms');
new RotationFailedRule(stack, 'RotationFailed', { secret, topic });
const template = Template.fromStack(stack);
const arnOf = (construct: Secret | Topic) => ({
  Ref: stack.getLogicalId(construct.node.defaultChild as never),
});

describe('rule on failed rotations', () => {
  test('matches the event of Secrets Manager for this secret and for no other', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      State: 'ENABLED',
      EventPattern: {
        source: ['aws.secretsmanager'],
        'detail-type': ['AWS Service Event via CloudTrail'],
        detail: {
          eventSource: ['secretsmanager.amazonaws.com'],
          eventName: ['RotationFailed'],
          additionalEventData: { SecretId: [arnOf(secret)] },
        },
      },
    });
    expect(JSON.stringify(template.findResources('AWS::Events::Rule'))).not.toContain(arnOf(other).Ref);
  });

  test('sends the event to the topic', () => {
    template.hasResourceProperties('AWS::Events::Rule', {
      Targets: [Match.objectLike({ Arn: arnOf(topic) })],
    });
  });

  test('lets EventBridge publish to the topic, and nobody else', () => {
    template.hasResourceProperties('AWS::SNS::TopicPolicy', {
      Topics: [arnOf(topic)],
      PolicyDocument: Match.objectLike({
        Statement: [
          Match.objectLike({
            Action: 'sns:Publish',
            Effect: 'Allow',
            Principal: { Service: 'events.amazonaws.com' },
            Resource: arnOf(topic),
          }),
        ],
      }),
    });
  });

  test('refuses a secret whose complete ARN is unknown, of which no event would match', () => {
    const named = Secret.fromSecretNameV2(stack, 'Named', 'keys');
    expect(() => new RotationFailedRule(stack, 'Named rule', { secret: named, topic })).toThrow(
      /Named rule: the secret must be given by its complete ARN/,
    );
  });
});
