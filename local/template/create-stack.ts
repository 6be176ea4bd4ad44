import { causeOf, LocalFailure } from '../failure.ts';
import { accountId, arn, partition, region, stableId, urlSuffix } from '../identity.ts';
import { creationOrder } from './creation-order.ts';
import type { References } from './intrinsics.ts';
import { evaluate } from './intrinsics.ts';
import type { Json } from './json.ts';
import { isObject } from './json.ts';
import type { CreatedResource, CreateResource } from './resource.ts';
import type { Template } from './template.ts';

export interface Stack {
  readonly name: string;
  readonly template: Template;
}

/**
 * Creates the resources of a stack one after the other, each after those it refers to, and adds what the
 * stack exports to `exports`. Returns its outputs by name.
 */
export async function createStack(
  stack: Stack,
  create: CreateResource,
  exports: Map<string, Json>,
): Promise<Record<string, string>> {
  const { template } = stack;
  const created = new Map<string, CreatedResource>();
  const references = referencesOf(stack, created, exports);
  const isWanted = (condition: string | undefined) =>
    condition === undefined || references.condition(condition);

  for (const logicalId of creationOrder(template.Resources)) {
    const resource = template.Resources[logicalId];
    if (!resource || !isWanted(resource.Condition)) continue;
    try {
      const properties = evaluate(resource.Properties, references);
      const request = { type: resource.Type, logicalId, physicalName: `${stack.name}-${logicalId}` };
      created.set(
        logicalId,
        await create({ ...request, properties: isObject(properties) ? properties : {} }),
      );
    } catch (error) {
      throw new LocalFailure(`${stack.name}: ${resource.Type} ${logicalId}: ${causeOf(error)}`, {
        cause: error,
      });
    }
  }

  const outputs: Record<string, string> = {};
  for (const [name, output] of Object.entries(template.Outputs)) {
    if (!isWanted(output.Condition)) continue;
    const value = evaluate(output.Value, references);
    if (output.Export) exports.set(asString(evaluate(output.Export.Name, references)), value);
    outputs[name] = asString(value);
  }
  return outputs;
}

function asString(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function referencesOf(
  { name: stackName, template }: Stack,
  created: ReadonlyMap<string, CreatedResource>,
  exports: ReadonlyMap<string, Json>,
): References {
  const pseudoParameters = new Map<string, Json | undefined>([
    ['AWS::AccountId', accountId],
    ['AWS::NoValue', undefined],
    ['AWS::NotificationARNs', []],
    ['AWS::Partition', partition],
    ['AWS::Region', region],
    ['AWS::StackId', arn('cloudformation', `stack/${stackName}/${stableId(stackName, 12)}`)],
    ['AWS::StackName', stackName],
    ['AWS::URLSuffix', urlSuffix],
  ]);
  const references: References = {
    ref(name) {
      if (pseudoParameters.has(name)) return pseudoParameters.get(name);
      const parameter = template.Parameters[name];
      if (parameter?.Default !== undefined) return parameter.Default;
      const resource = created.get(name);
      if (!resource) throw new LocalFailure(`Ref to ${name}, which is not there`);
      return resource.ref;
    },
    attribute(logicalId, name) {
      const value = created.get(logicalId)?.attributes?.[name];
      if (value === undefined) throw new LocalFailure(`Fn::GetAtt ${logicalId}.${name} has no value locally`);
      return value;
    },
    importValue(name) {
      const value = exports.get(name);
      if (value === undefined) throw new LocalFailure(`No stack exports ${name}`);
      return value;
    },
    condition(name) {
      const condition = template.Conditions[name];
      if (condition === undefined) throw new LocalFailure(`There is no condition ${name}`);
      return evaluate(condition, references) === true;
    },
  };
  return references;
}
