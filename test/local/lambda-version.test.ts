import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../local/template/json.ts';
import { api, changed, createStage, lambda, permission } from './stage-of-resources.ts';
import type { ResourceText } from './stage-of-resources.ts';

const source = `
  export const handler = async ({ type, Step }) => {
    if (type === 'REQUEST') return { isAuthorized: true, context: { by: 'the authorizer' } };
    if (Step) throw new Error(\`reached \${Step}\`);
    return { names: process.env.NAMES };
  };`;

const versions: Record<string, ResourceText> = {
  Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Function' } } },
  Alias: {
    Type: 'AWS::Lambda::Alias',
    Properties: {
      FunctionName: { Ref: 'Function' },
      FunctionVersion: { 'Fn::GetAtt': ['Version', 'Version'] },
      Name: 'live',
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 1 },
    },
  },
};

const functionArn = 'arn:aws:lambda:eu-west-1:000000000000:function:Test-Stack-Function';

/** A stage whose route goes to `target`, which API Gateway may call if it is `permitted`. */
const calling = (target: Json, permitted: Json): Record<string, ResourceText> => ({
  ...api,
  ...changed(lambda(), 'Integration', {
    IntegrationUri: {
      'Fn::Join': [
        '',
        ['arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/', target, '/invocations'],
      ],
    },
  }),
  ...versions,
  ...changed(permission('/things/{id}'), 'Permission', { FunctionName: permitted }),
});

const statusOf = async (resources: Record<string, ResourceText>) => {
  const { url } = await createStage(resources, source);
  return (await fetch(`${url}/things/1`)).status;
};

describe('version and alias of a function in a local stage', () => {
  test.each(['Version', 'Alias'])('%s is called by an integration', async (target) => {
    expect(await statusOf(calling({ Ref: target }, { Ref: target }))).toBe(200);
  });

  test.each([
    ['Alias', { 'Fn::GetAtt': ['Function', 'Arn'] }],
    ['Alias', { Ref: 'Version' }],
    ['Version', { Ref: 'Function' }],
  ])('%s is not called with the permission of another', async (target, permitted) => {
    expect(await statusOf(calling({ Ref: target }, permitted))).toBe(500);
  });

  test.each([
    `Test-Stack-Function:live`,
    `000000000000:function:Test-Stack-Function:live`,
    `${functionArn}:live`,
  ])('is permitted by the name %s', async (permitted) => {
    expect(await statusOf(calling({ Ref: 'Alias' }, permitted))).toBe(200);
  });

  test('have qualified ARNs and a version number', async () => {
    const names = [{ Ref: 'OfOther' }, { Ref: 'OtherAlias' }, { 'Fn::GetAtt': ['OfOther', 'Version'] }];
    const resources = {
      ...api,
      ...changed(lambda(), 'Function', {
        Environment: { Variables: { NAMES: { 'Fn::Join': [' ', names] } } },
      }),
      ...permission('/things/{id}'),
      Other: { Type: 'AWS::Lambda::Function', Properties: lambda()['Function']?.Properties ?? {} },
      OfOther: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Other' } } },
      OtherAlias: {
        Type: 'AWS::Lambda::Alias',
        Properties: { FunctionName: { Ref: 'Other' }, FunctionVersion: '$LATEST', Name: 'live' },
      },
    };
    const { url } = await createStage(resources, source);
    const otherArn = functionArn.replace('Function', 'Other');
    expect(await (await fetch(`${url}/things/1`)).json()).toStrictEqual({
      names: `${otherArn}:1 ${otherArn}:live 1`,
    });
  });

  test('authorize requests', async () => {
    const resources = {
      ...calling({ 'Fn::GetAtt': ['Function', 'Arn'] }, { Ref: 'Function' }),
      Authorizer: {
        Type: 'AWS::ApiGatewayV2::Authorizer',
        Properties: {
          ApiId: { Ref: 'Api' },
          Name: 'a',
          AuthorizerType: 'REQUEST',
          AuthorizerPayloadFormatVersion: '2.0',
          EnableSimpleResponses: true,
          AuthorizerUri: { Ref: 'Alias' },
        },
      },
      AuthorizerPermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          FunctionName: { Ref: 'Alias' },
          Principal: 'apigateway.amazonaws.com',
        },
      },
    };
    const route = { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Authorizer' } };
    expect(await statusOf(changed(resources, 'Route', route))).toBe(200);
  });

  test('rotate secrets', async () => {
    const resources: Record<string, ResourceText> = {
      ...calling({ Ref: 'Alias' }, { Ref: 'Alias' }),
      Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: '{}' } },
      RotationPermission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          Action: 'lambda:InvokeFunction',
          FunctionName: { Ref: 'Alias' },
          Principal: 'secretsmanager.amazonaws.com',
        },
      },
      Schedule: {
        Type: 'AWS::SecretsManager::RotationSchedule',
        Properties: { SecretId: { Ref: 'Secret' }, RotationLambdaARN: { Ref: 'Alias' } },
        DependsOn: ['RotationPermission'],
      },
    };
    await expect(createStage(resources, source)).rejects.toThrow(/reached createSecret/);
  });
});
