import * as v from 'valibot';
import { PolicyDocument } from '../iam/policy-document.ts';
import { roleArn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { parseProperties } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const Role = v.object({
  RoleName: v.optional(v.string()),
  Policies: v.optional(v.array(v.object({ PolicyDocument })), []),
  // It grants writing logs, which needs no permission locally.
  ManagedPolicyArns: v.optional(
    v.array(v.pipe(v.string(), v.endsWith(':iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'))),
  ),
});

const Policy = v.strictObject({
  PolicyName: v.string(),
  PolicyDocument,
  Roles: v.array(v.string()),
});

/** `AWS::IAM::Role` */
export async function createRole(
  { physicalName, properties }: ResourceRequest,
  { accessControl }: StageEnvironment,
): Promise<CreatedResource> {
  const role = parseProperties(Role, properties);
  const roleName = role.RoleName ?? physicalName;
  for (const policy of role.Policies) accessControl.addStatements(roleName, policy.PolicyDocument);
  return { ref: roleName, attributes: { Arn: roleArn(roleName) } };
}

/** `AWS::IAM::Policy` */
export async function createPolicy(
  { logicalId, properties }: ResourceRequest,
  { accessControl }: StageEnvironment,
): Promise<CreatedResource> {
  const policy = parseProperties(Policy, properties);
  for (const roleName of policy.Roles) accessControl.addStatements(roleName, policy.PolicyDocument);
  return { ref: logicalId };
}
