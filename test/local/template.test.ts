import { expect, test } from '@jest/globals';
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
  condition: (name) => name === 'Yes',
};

const evaluations: readonly [Json, Json][] = [
  ['text', 'text'],
  [{ Ref: 'Table' }, 'ref-Table'],
  [{ 'Fn::GetAtt': ['Table', 'Arn'] }, 'Table/Arn'],
  [{ 'Fn::GetAtt': 'Table.Stream.Arn' }, 'Table/Stream.Arn'],
  [{ 'Fn::ImportValue': { 'Fn::Join': [':', ['a', { Ref: 'B' }]] } }, 'imported-a:ref-B'],
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

for (const [value, expected] of evaluations) {
  test(`evaluates ${JSON.stringify(value)}`, () =>
    expect(evaluate(value, references)).toStrictEqual(expected));
}

test('refuses an intrinsic function that it does not know', () => {
  expect(() => evaluate({ 'Fn::Cidr': ['10.0.0.0/8'] }, references)).toThrow(
    /Fn::Cidr cannot be evaluated locally/,
  );
});

const resource = (properties: Record<string, Json> = {}, dependsOn: string[] = []): TemplateResource => ({
  Type: 'Test::Thing',
  Properties: properties,
  DependsOn: dependsOn,
});

test('orders resources by what they refer to and depend on', () => {
  const order = creationOrder({
    Last: resource({ deep: [{ name: { 'Fn::Sub': '${Middle.Arn}/${!First}' } }] }),
    Middle: resource({ role: { 'Fn::GetAtt': ['First', 'Arn'] } }, ['Policy']),
    Policy: resource({ role: { Ref: 'First' }, region: { Ref: 'AWS::Region' } }),
    First: resource(),
  });
  expect(order).toStrictEqual(['First', 'Policy', 'Middle', 'Last']);
});

test('names the resources of a circle, and a dependency that is missing', () => {
  const circle = { A: resource({}, ['B']), B: resource({ a: { Ref: 'A' } }) };
  expect(() => creationOrder(circle)).toThrow(/A -> B -> A/);
  expect(() => creationOrder({ A: resource({}, ['Gone']) })).toThrow(/A depends on Gone/);
});

test('creates a stack, exports for later stacks, and returns outputs', async () => {
  const requests: ResourceRequest[] = [];
  const exports = new Map<string, Json>([['Earlier:Table', 'the-table']]);
  const outputs = await createStack(
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
    async (request) => {
      requests.push(request);
      return { ref: request.physicalName, attributes: { Arn: `arn:${request.logicalId}` } };
    },
    exports,
  );
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
  expect(outputs).toStrictEqual({ FunctionName: 'Stage-Stack-Function' });
  expect(exports.get('Stack:Function')).toBe('Stage-Stack-Function');
});

const failing = () => Promise.reject(new Error('no room\nstack trace'));

test('says which resource of which stack failed, and why', async () => {
  const template = { Parameters: {}, Conditions: {}, Resources: { Thing: resource() }, Outputs: {} };
  await expect(createStack({ name: 'S', template }, failing, new Map())).rejects.toMatchObject({
    message: 'S: Test::Thing Thing: no room',
  });
});
