import { causeOf, LocalFailure } from '../failure.ts';
import { accountId, arn, partition, region, stableId, urlSuffix } from '../identity.ts';
import { creationOrder } from './creation-order.ts';
import type { References } from './intrinsics.ts';
import { evaluate, evaluateOptional } from './intrinsics.ts';
import type { Json, JsonObject } from './json.ts';
import type { CreatedResource, CreateResource, Properties } from './resource.ts';
import { attributeOf } from './stand-in.ts';
import type { Template } from './template.ts';

export interface Stack {
  readonly name: string;
  readonly template: Template;
}

/** The name of a resource where the template gives none: stack and logical id, unique over all stages. */
const physicalNameOf = ({ name }: Stack, logicalId: string) => `${name}-${logicalId}`;

const propertiesOf = (properties: JsonObject, references: References): Properties => ({
  names: Object.keys(properties),
  read: (name) => {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    return property === undefined ? undefined : evaluateOptional(property, references);
  },
});

/**
 * Creates the resources of a stack one after the other, each after those it refers to, and adds its
 * exports and outputs to `exports`. Returns its outputs by name, without those that cannot be evaluated: a request depends on
 * none of them, unless another stack imports it, which then fails. `onSkippedOutput` takes their names.
 */
export async function createStack(
  stack: Stack,
  create: CreateResource,
  exports: Map<string, Json>,
  onSkippedOutput: (name: string) => void = () => {},
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
      const physicalName = physicalNameOf(stack, logicalId);
      const properties = propertiesOf(resource.Properties, references);
      created.set(logicalId, await create({ type: resource.Type, logicalId, physicalName, properties }));
    } catch (error) {
      throw new LocalFailure(`${stack.name}: ${resource.Type} ${logicalId}: ${causeOf(error)}`, {
        cause: error,
      });
    }
  }

  const outputs: Record<string, string> = {};
  for (const [name, output] of Object.entries(template.Outputs)) {
    if (!isWanted(output.Condition)) continue;
    try {
      const value = evaluate(output.Value, references);
      if (output.Export) exports.set(asString(evaluate(output.Export.Name, references)), value);
      exports.set(outputKey(stack.name, name), value);
      outputs[name] = asString(value);
    } catch (error) {
      if (!(error instanceof LocalFailure)) throw error;
      onSkippedOutput(name);
    }
  }
  return outputs;
}

/** The name of an export has no slash. */
const outputKey = (stackName: string, outputName: string) => `${stackName}/${outputName}`;

function asString(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function referencesOf(
  stack: Stack,
  created: ReadonlyMap<string, CreatedResource>,
  exports: ReadonlyMap<string, Json>,
): References {
  const { name: stackName, template } = stack;
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
      const resource = created.get(logicalId);
      const type = template.Resources[logicalId]?.Type;
      if (!resource || type === undefined) {
        throw new LocalFailure(`Fn::GetAtt ${logicalId}.${name}, which is not there`);
      }
      const { [name]: value = attributeOf(type, physicalNameOf(stack, logicalId), name) } =
        resource.attributes ?? {};
      return value;
    },
    importValue(name) {
      const value = exports.get(name);
      if (value === undefined) throw new LocalFailure(`No stack exports ${name}`);
      return value;
    },
    stackOutput(producer, name) {
      const value = exports.get(outputKey(producer, name));
      if (value === undefined) throw new LocalFailure(`No stack ${producer} has the output ${name}`);
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
