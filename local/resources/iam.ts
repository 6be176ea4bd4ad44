import * as v from 'valibot';
import { PolicyDocument } from '../iam/policy-document.ts';
import { policyArn, roleArn } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

const strings = v.optional(v.array(v.string()), []);

const role = {
  run: {
    RoleName: v.optional(v.string()),
    Policies: v.optional(v.array(v.object({ PolicyDocument: v.unknown() })), []),
    ManagedPolicyArns: strings,
  },
  withoutEffect: ['AssumeRolePolicyDocument', 'Description', 'MaxSessionDuration', 'Path', 'Tags'],
} satisfies PropertyRule<v.ObjectEntries>;

const policy = {
  run: { PolicyDocument: v.unknown(), Roles: strings },
  withoutEffect: ['Groups', 'PolicyName', 'Users'],
} satisfies PropertyRule<v.ObjectEntries>;

const managedPolicy = {
  run: { ManagedPolicyName: v.optional(v.string()), PolicyDocument: v.unknown(), Roles: strings },
  withoutEffect: ['Description', 'Groups', 'Path', 'Users'],
} satisfies PropertyRule<v.ObjectEntries>;

/** AWS's policies that grant nothing of the services that are on this machine: logs, traces, network interfaces. */
const grantsNothingHere =
  /:iam::aws:policy\/(?:AWSXRayDaemonWriteAccess|CloudWatchLambda\w+|service-role\/AWSLambda(?:Basic|VPCAccess)ExecutionRole)$/;

/** `AWS::IAM::Role` */
export async function createRole(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const { RoleName, Policies, ManagedPolicyArns } = readProperties(role, request, environment.notRun);
  const roleName = RoleName ?? request.physicalName;
  for (const { PolicyDocument: document } of Policies) addPolicy(roleName, document, request, environment);
  for (const managed of ManagedPolicyArns) {
    const document = environment.managedPolicies.get(managed);
    if (document !== undefined) addPolicy(roleName, document, request, environment);
    // What it grants is not known here, and therefore denied.
    else if (!grantsNothingHere.test(managed)) {
      environment.notRun.property(request.type, `ManagedPolicyArns ${managed.split('/').at(-1)}`);
    }
  }
  return { ref: roleName, attributes: { Arn: roleArn(roleName) } };
}

/** `AWS::IAM::Policy` */
export async function createPolicy(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const { PolicyDocument: document, Roles } = readProperties(policy, request, environment.notRun);
  for (const roleName of Roles) addPolicy(roleName, document, request, environment);
  return { ref: request.logicalId };
}

/** `AWS::IAM::ManagedPolicy` */
export async function createManagedPolicy(
  request: ResourceRequest,
  environment: StageEnvironment,
): Promise<CreatedResource> {
  const template = readProperties(managedPolicy, request, environment.notRun);
  const ref = policyArn(template.ManagedPolicyName ?? request.physicalName);
  environment.managedPolicies.set(ref, template.PolicyDocument);
  for (const roleName of template.Roles) {
    addPolicy(roleName, template.PolicyDocument, request, environment);
  }
  return { ref, attributes: { PolicyArn: ref } };
}

/** A policy that cannot be enforced fails the start only if a function has the role: no request has another one. */
function addPolicy(
  roleName: string,
  document: unknown,
  { type, physicalName }: ResourceRequest,
  { accessControl }: StageEnvironment,
): void {
  const parsed = v.safeParse(PolicyDocument, document);
  if (parsed.success) accessControl.addStatements(roleName, parsed.output);
  else accessControl.addUnenforceable(roleName, `${type} ${physicalName}: ${parsed.issues[0].message}`);
}
