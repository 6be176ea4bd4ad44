import { beforeAll, describe, expect, test } from '@jest/globals';
import { createStack } from '../../local/template/create-stack.ts';
import { creationOrder } from '../../local/template/creation-order.ts';
import type { References } from '../../local/template/intrinsics.ts';
import { evaluate } from '../../local/template/intrinsics.ts';
import type { Json } from '../../local/template/json.ts';
import type { ResourceRequest } from '../../local/template/resource.ts';
import type { TemplateResource } from '../../local/template/template.ts';

const references: References = {
  ref: (name) => (name === 'AWS::NoValue' ? undefined : `ref-${name}`),
  attribute: (logicalId, name) => `${logicalId}/${name}`,
  importValue: (name) => `imported-${name}`,
  stackOutput: (stackName, name) => `${name}-of-${stackName}`,
  condition: (name) => name === 'Yes',
};

const evaluations: readonly [Json, Json][] = [
  ['text', 'text'],
  [{ Ref: 'Table' }, 'ref-Table'],
  [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'Table/Arn'],
  [{ 'Fn::GetAtt': 'Table.Stream.Arn' }, 'Table/Stream.Arn'],
  [{ 'Fn::ImportValue': { 'Fn::Join': [':', ['a', { Ref: 'B' }]] } }, 'imported-a:ref-B'],
  [{ 'Fn::GetStackOutput': { StackName: { Ref: 'A' }, OutputName: 'B' } }, 'B-of-ref-A'],
  [{ 'Fn::Join': ['-', ['a', { Ref: 'B' }, 3]] }, 'a-ref-B-3'],
  [{ 'Fn::Sub': 'x-${AWS::Region}-${Table.Arn}-${!Literal}' }, 'x-ref-AWS::Region-Table/Arn-${Literal}'],
  [{ 'Fn::Sub': ['${own}/${Other}', { own: { Ref: 'A' } }] }, 'ref-A/ref-Other'],
  [{ 'Fn::Select': [1, { 'Fn::Split': [',', 'a,b'] }] }, 'b'],
  [{ kept: { Ref: 'A' }, dropped: { Ref: 'AWS::NoValue' } }, { kept: 'ref-A' }],
  [[{ Ref: 'AWS::NoValue' }, 1], [1]],
  [{ 'Fn::If': ['Yes', 'a', 'b'] }, 'a'],
  [{ 'Fn::If': ['No', 'a', 'b'] }, 'b'],
  [{ 'Fn::Or': [{ 'Fn::Equals': ['a', 'b'] }, { Condition: 'Yes' }] }, true],
  [{ 'Fn::And': [{ Condition: 'Yes' }, { 'Fn::Not': [{ Condition: 'Yes' }] }] }, false],
  // A statement of a policy, not CloudFormation's own.
  [{ Condition: { StringEquals: { key: 'value' } } }, { Condition: { StringEquals: { key: 'value' } } }],
];

describe('intrinsic functions', () => {
  test.each(evaluations)('evaluate %j to %j', (value, expected) => {
    expect(evaluate(value, references)).toStrictEqual(expected);
  });

  test('refuse one that is not supported locally', () => {
    expect(() => evaluate({ 'Fn::Cidr': ['10.0.0.0/8'] }, references)).toThrow(
      /Fn::Cidr cannot be evaluated locally/,
    );
  });
});

const resource = (properties: Record<string, Json> = {}, dependsOn: string[] = []): TemplateResource => ({
  Type: 'Test::Thing',
  Properties: properties,
  DependsOn: dependsOn,
});

describe('order of creation', () => {
  test('follows references and DependsOn', () => {
    const order = creationOrder({
      Last: resource({ deep: [{ name: { 'Fn::Sub': '${Middle.Arn}/${!First}' } }] }),
      Middle: resource({ role: { 'Fn::GetAtt': ['First', 'Arn'] } }, ['Policy']),
      Policy: resource({ role: { Ref: 'First' }, region: { Ref: 'AWS::Region' } }),
      First: resource(),
    });
    expect(order).toStrictEqual(['First', 'Policy', 'Middle', 'Last']);
  });

  test('names the resources of a circle', () => {
    const circle = { A: resource({}, ['B']), B: resource({ a: { Ref: 'A' } }) };
    expect(() => creationOrder(circle)).toThrow(/A -> B -> A/);
  });

  test('names a missing dependency', () => {
    expect(() => creationOrder({ A: resource({}, ['Gone']) })).toThrow(/A depends on Gone/);
  });
});

describe('creation of a stack', () => {
  const requests: (Omit<ResourceRequest, 'properties'> & { readonly properties: object })[] = [];
  const exports = new Map<string, Json>([['Earlier:Table', 'the-table']]);
  let outputs: Readonly<Record<string, string>>;
  beforeAll(async () => {
    outputs = await createStack(
      {
        name: 'Stage-Stack',
        template: {
          Parameters: { Version: { Default: '6' } },
          Conditions: { Never: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'nowhere'] } },
          Resources: {
            Function: resource({
              table: { 'Fn::ImportValue': 'Earlier:Table' },
              role: { 'Fn::GetAtt': ['Role', 'Arn'] },
            }),
            Role: resource({ version: { Ref: 'Version' } }),
            Metadata: { ...resource(), Condition: 'Never' },
          },
          Outputs: { FunctionName: { Value: { Ref: 'Function' }, Export: { Name: 'Stack:Function' } } },
        },
      },
      async ({ properties, ...request }) => {
        requests.push({
          ...request,
          properties: Object.fromEntries(properties.names.map((name) => [name, properties.read(name)])),
        });
        return { ref: request.physicalName, attributes: { Arn: `arn:${request.logicalId}` } };
      },
      exports,
    );
  });

  test('creates its resources in order, with evaluated properties', () => {
    expect(requests).toStrictEqual([
      {
        type: 'Test::Thing',
        logicalId: 'Role',
        physicalName: 'Stage-Stack-Role',
        properties: { version: '6' },
      },
      {
        type: 'Test::Thing',
        logicalId: 'Function',
        physicalName: 'Stage-Stack-Function',
        properties: { table: 'the-table', role: 'arn:Role' },
      },
    ]);
  });

  test('returns its outputs', () => {
    expect(outputs).toStrictEqual({ FunctionName: 'Stage-Stack-Function' });
  });

  test('has its outputs for later stacks', async () => {
    const Value = { 'Fn::GetStackOutput': { StackName: 'Stage-Stack', OutputName: 'FunctionName' } };
    const template = { Parameters: {}, Conditions: {}, Resources: {}, Outputs: { Later: { Value } } };
    const later = await createStack({ name: 'Later', template }, async () => ({ ref: '' }), exports);
    expect(later).toStrictEqual({ Later: 'Stage-Stack-Function' });
  });

  test('adds its exports for later stacks', () => {
    expect(exports.get('Stack:Function')).toBe('Stage-Stack-Function');
  });

  const oneThing = (Properties: Record<string, Json>, Outputs: Record<string, { Value: Json }> = {}) => ({
    name: 'Stage-Stack',
    template: { Parameters: {}, Conditions: {}, Resources: { Thing: resource(Properties) }, Outputs },
  });
  const thing = async () => ({ ref: 'thing' });

  test('does not evaluate a property that nobody reads', async () => {
    const stack = oneThing({ cidr: { 'Fn::Cidr': ['10.0.0.0/8'] } });
    expect(await createStack(stack, thing, new Map())).toStrictEqual({});
  });

  test('leaves out an output that cannot be evaluated, and names it', async () => {
    const named: string[] = [];
    const stack = oneThing({}, { Zones: { Value: { 'Fn::GetAZs': '' } }, Name: { Value: { Ref: 'Thing' } } });
    const created = await createStack(stack, thing, new Map(), (name) => named.push(name));
    expect(created).toStrictEqual({ Name: 'thing' });
    expect(named).toStrictEqual(['Zones']);
  });

  test.each([
    ['Arn', 'arn:aws:test:eu-west-1:000000000000:thing/Stage-Stack-Thing'],
    ['Stream.Arn', 'arn:aws:test:eu-west-1:000000000000:thing/Stage-Stack-Thing'],
    ['QueueUrl', 'https://stage-stack-thing.invalid/'],
    ['Size', 'Stage-Stack-Thing-Size'],
  ])('has a stand-in for the attribute %s, which has no value locally', async (name, expected) => {
    const stack = oneThing({}, { Value: { Value: { 'Fn::GetAtt': ['Thing', name] } } });
    expect(await createStack(stack, thing, new Map())).toStrictEqual({ Value: expected });
  });

  test('fails with the stack, the resource and the first line of the cause', async () => {
    const template = { Parameters: {}, Conditions: {}, Resources: { Thing: resource() }, Outputs: {} };
    const fail = () => Promise.reject(new Error('no room\nstack trace'));
    await expect(createStack({ name: 'S', template }, fail, new Map())).rejects.toMatchObject({
      message: 'S: Test::Thing Thing: no room',
    });
  });
});
