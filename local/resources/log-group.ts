import { arn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';

/** `AWS::Logs::LogGroup`: the functions print to the stage's log file instead, whatever the group is configured for. */
export async function createLogGroup({
  physicalName,
  properties,
}: ResourceRequest): Promise<CreatedResource> {
  const name = properties.read('LogGroupName');
  const ref = typeof name === 'string' ? name : physicalName;
  return { ref, attributes: { Arn: arn('logs', `log-group:${ref}:*`) } };
}
