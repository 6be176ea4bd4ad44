import { arn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';

/** `AWS::Logs::LogGroup`: the functions print to the stage's log file instead. */
export async function createLogGroup({
  physicalName,
  properties,
}: ResourceRequest): Promise<CreatedResource> {
  const { LogGroupName } = properties;
  const name = typeof LogGroupName === 'string' ? LogGroupName : physicalName;
  return { ref: name, attributes: { Arn: arn('logs', `log-group:${name}:*`) } };
}
