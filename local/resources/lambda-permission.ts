import * as v from 'valibot';
import { functionArnOf } from '../identity.ts';
import type { CreatedResource, ResourceRequest } from '../template/resource.ts';
import { readProperties } from './properties.ts';
import type { PropertyRule } from './properties.ts';
import type { StageEnvironment } from './stage-environment.ts';

/** The services of this machine that call functions. What others may call is never called here. */
const callers = ['apigateway.amazonaws.com', 'secretsmanager.amazonaws.com'];

const permission = {
  run: {
    Action: v.picklist(['lambda:InvokeFunction', 'lambda:*']),
    FunctionName: v.string(),
    Principal: v.string(),
    SourceArn: v.optional(v.string()),
  },
  // They restrict the permission.
  refused: ['EventSourceToken', 'FunctionUrlAuthType', 'InvokedViaFunctionUrl', 'PrincipalOrgID'],
  withoutEffect: ['SourceAccount'],
} satisfies PropertyRule<v.ObjectEntries>;

/** `AWS::Lambda::Permission`. */
export async function createPermission(
  request: ResourceRequest,
  { functions, notRun }: StageEnvironment,
): Promise<CreatedResource> {
  const created = { ref: request.logicalId };
  const caller = request.properties.read('Principal');
  if (typeof caller === 'string' && !callers.includes(caller)) return created;
  const { FunctionName, Principal, SourceArn } = readProperties(permission, request, notRun);
  functions.permit(functionArnOf(FunctionName), { principal: Principal, sourceArn: SourceArn });
  return created;
}
