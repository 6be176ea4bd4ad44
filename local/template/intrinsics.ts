import { LocalFailure } from '../failure.ts';
import type { Json, JsonObject } from './json.ts';
import { isArray, isObject } from './json.ts';

/** Where the references of a template lead. */
export interface References {
  /** A parameter, a pseudo parameter or a resource; undefined is `AWS::NoValue`. */
  ref(name: string): Json | undefined;
  attribute(logicalId: string, name: string): Json;
  importValue(name: string): Json;
  stackOutput(stackName: string, name: string): Json;
  condition(name: string): boolean;
}

type Intrinsic = (argument: Json, references: References) => Json | undefined;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, references) => references.ref(stringIn(name, 'Ref')),
  'Fn::GetAtt': (argument, references) => {
    const [logicalId, ...attribute] = isArray(argument)
      ? argument
      : stringIn(argument, 'Fn::GetAtt').split('.');
    const names = attribute.map((name) => stringIn(evaluate(name, references), 'Fn::GetAtt'));
    return references.attribute(stringIn(logicalId, 'Fn::GetAtt'), names.join('.'));
  },
  'Fn::ImportValue': (name, references) =>
    references.importValue(stringIn(evaluate(name, references), 'Fn::ImportValue')),
  'Fn::GetStackOutput': (argument, references) => {
    const of = evaluate(argument, references);
    const [stackName, name] = isObject(of) ? [of['StackName'], of['OutputName']] : [];
    return references.stackOutput(
      stringIn(stackName, 'Fn::GetStackOutput'),
      stringIn(name, 'Fn::GetStackOutput'),
    );
  },
  'Fn::Join': (argument, references) => {
    const [separator, values] = evaluatedList(argument, references, 'Fn::Join');
    return list(values, 'Fn::Join')
      .map((value) => scalar(value, 'Fn::Join'))
      .join(stringIn(separator, 'Fn::Join'));
  },
  'Fn::Split': (argument, references) => {
    const [separator, value] = evaluatedList(argument, references, 'Fn::Split');
    return stringIn(value, 'Fn::Split').split(stringIn(separator, 'Fn::Split'));
  },
  'Fn::Select': (argument, references) => {
    const [index, values] = evaluatedList(argument, references, 'Fn::Select');
    const selected = list(values, 'Fn::Select')[Number(index)];
    if (selected === undefined)
      throw new LocalFailure(`Fn::Select: there is no element ${JSON.stringify(index)}`);
    return selected;
  },
  'Fn::Sub': (argument, references) => {
    const [format, variables] = isArray(argument) ? argument : [argument];
    const own = isObject(variables) ? variables : {};
    return stringIn(format, 'Fn::Sub').replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => {
      // `${!Literal}` is CloudFormation's way to write `${Literal}`.
      if (name.startsWith('!')) return `\${${name.slice(1)}}`;
      return scalar(substituted(name, own, references), 'Fn::Sub');
    });
  },
  'Fn::If': (argument, references) => {
    const [name, whenTrue, whenFalse] = list(argument, 'Fn::If');
    const chosen = references.condition(stringIn(name, 'Fn::If')) ? whenTrue : whenFalse;
    return evaluateOptional(chosen ?? null, references);
  },
  Condition: (name, references) => references.condition(stringIn(name, 'Condition')),
  'Fn::And': (argument, references) =>
    evaluatedList(argument, references, 'Fn::And').every((one) => one === true),
  'Fn::Or': (argument, references) => evaluatedList(argument, references, 'Fn::Or').includes(true),
  'Fn::Not': (argument, references) => evaluatedList(argument, references, 'Fn::Not')[0] !== true,
  'Fn::Equals': (argument, references) => {
    const [left, right] = evaluatedList(argument, references, 'Fn::Equals');
    return JSON.stringify(left) === JSON.stringify(right);
  },
};

/** A value of a template with its intrinsic functions carried out. */
export function evaluate(value: Json, references: References): Json {
  return evaluateOptional(value, references) ?? null;
}

/** The same, where undefined is `AWS::NoValue`. */
export function evaluateOptional(value: Json, references: References): Json | undefined {
  if (isArray(value)) {
    return value.map((one) => evaluateOptional(one, references)).filter((one) => one !== undefined);
  }
  if (!isObject(value)) return value;
  const [only, ...others] = Object.entries(value);
  if (only && others.length === 0) {
    const [name, argument] = only;
    const intrinsic = intrinsics[name];
    // An IAM statement has a key `Condition` too, with an object; CloudFormation's has a name.
    if (intrinsic && !(name === 'Condition' && isObject(argument))) return intrinsic(argument, references);
    if (name.startsWith('Fn::')) throw new LocalFailure(`${name} cannot be evaluated locally`);
  }
  return evaluateProperties(value, references);
}

function evaluateProperties(value: JsonObject, references: References): JsonObject {
  const evaluated: Record<string, Json> = {};
  for (const [name, property] of Object.entries(value)) {
    const result = evaluateOptional(property, references);
    if (result !== undefined) evaluated[name] = result;
  }
  return evaluated;
}

function substituted(name: string, own: JsonObject, references: References): Json {
  const variable = own[name];
  if (variable !== undefined) return evaluate(variable, references);
  const dot = name.indexOf('.');
  if (dot < 0) return references.ref(name) ?? null;
  return references.attribute(name.slice(0, dot), name.slice(dot + 1));
}

function evaluatedList(argument: Json, references: References, intrinsic: string): readonly Json[] {
  return list(evaluate(argument, references), intrinsic);
}

function list(value: Json | undefined, intrinsic: string): readonly Json[] {
  if (isArray(value)) return value;
  throw new LocalFailure(`${intrinsic} takes a list, not ${JSON.stringify(value)}`);
}

function stringIn(value: Json | undefined, intrinsic: string): string {
  if (typeof value === 'string') return value;
  throw new LocalFailure(`${intrinsic} takes a string, not ${JSON.stringify(value)}`);
}

function scalar(value: Json, intrinsic: string): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  throw new LocalFailure(`${intrinsic} takes strings, not ${JSON.stringify(value)}`);
}
