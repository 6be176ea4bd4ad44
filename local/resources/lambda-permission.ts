import * as v from 'valibot';
import { arn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { parseProperties } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const Permission = v.strictObject({
  Action: v.literal('lambda:InvokeFunction'),
  FunctionName: v.string(),
  Principal: v.string(),
  SourceArn: v.optional(v.string()),
  SourceAccount: v.optional(v.string()),
});

/** `AWS::Lambda::Permission` */
export async function createPermission(
  { logicalId, properties }: ResourceRequest,
  { functions }: StageEnvironment,
): Promise<CreatedResource> {
  const { FunctionName, Principal, SourceArn } = parseProperties(Permission, properties);
  const functionArn = FunctionName.startsWith('arn:')
    ? FunctionName
    : arn('lambda', `function:${FunctionName}`);
  functions.permit(functionArn, { principal: Principal, sourceArn: SourceArn });
  return { ref: logicalId };
}
