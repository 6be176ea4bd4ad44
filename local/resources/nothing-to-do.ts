import { arn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';

/** Kinds of resources that do nothing on a laptop: they watch, page, back up, or are about the app itself. */
export const typesWithNothingToDo = [
  'AWS::Backup::BackupPlan',
  'AWS::Backup::BackupSelection',
  'AWS::Backup::BackupVault',
  'AWS::CDK::Metadata',
  'AWS::CloudWatch::Alarm',
  'AWS::CloudWatch::CompositeAlarm',
  'AWS::CloudWatch::Dashboard',
  'AWS::Events::Rule',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::QueryDefinition',
  // Other stacks read them, and none of them runs here.
  'AWS::SSM::Parameter',
  'AWS::SNS::Subscription',
  'AWS::SNS::Topic',
  'AWS::SNS::TopicPolicy',
] as const;

export async function createNothing({ type, physicalName }: ResourceRequest): Promise<CreatedResource> {
  const service = (type.split('::')[1] ?? '').toLowerCase();
  const resourceArn = arn(service, physicalName);
  // A topic is referred to by its ARN, the others by their names.
  const ref = type === 'AWS::SNS::Topic' ? resourceArn : physicalName;
  return { ref, attributes: { Arn: resourceArn, TopicArn: resourceArn, TopicName: physicalName } };
}
