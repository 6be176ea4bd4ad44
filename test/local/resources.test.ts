import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { HttpApi } from '../../local/api-gateway/http-api.ts';
import { dynamodbClient, secretsManagerClient } from '../../local/clients.ts';
import { startDynamoDB } from '../../local/dynamodb/dynamodb.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import { localFunctions } from '../../local/lambda/functions.ts';
import { workerRuntime } from '../../local/lambda/worker-runtime.ts';
import { createLocalStage } from '../../local/local-stage.ts';
import { silentProgress } from '../../local/progress.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import type { Json } from '../../local/template/json.ts';
import { afterThisTest } from '../after-this-test.ts';
import { temporaryFolder } from './fixture-function.ts';

interface ResourceText {
  readonly Type: string;
  readonly Properties?: Record<string, Json>;
  readonly DependsOn?: readonly string[];
}

/** Creates a stage of one stack with these resources; the code of every function is `source`. */
async function createStage(resources: Record<string, ResourceText>, source = '') {
  const operator = newAccessKey();
  const accessControl = localAccessControl(operator);
  const functions = localFunctions({ loadWhenAdded: true, onLoadFailure: () => {} });
  const dynamodb = await startDynamoDB(undefined, accessControl);
  const secretsManager = await startSecretsManager({
    file: undefined,
    control: accessControl,
    invokeRotation: (functionArn, event, sourceArn) =>
      functions.invoke(functionArn, event, { principal: 'secretsmanager.amazonaws.com', sourceArn }),
  });
  const clients = {
    dynamodb: dynamodbClient(dynamodb.endpoint, operator),
    secretsManager: secretsManagerClient(secretsManager.endpoint, operator),
  };
  const apis = new Map<string, HttpApi>();
  const asset = join(temporaryFolder(), 'asset');
  mkdirSync(asset);
  writeFileSync(join(asset, 'index.mjs'), source);
  afterThisTest(async () => {
    for (const api of apis.values()) await api.close();
    await functions.close();
    clients.dynamodb.destroy();
    clients.secretsManager.destroy();
    await secretsManager.close();
    await dynamodb.close();
  });
  const template = {
    Parameters: {},
    Conditions: {},
    Outputs: {},
    Resources: Object.fromEntries(
      Object.entries(resources).map(([id, { Type, Properties = {}, DependsOn = [] }]) => [
        id,
        { Type, Properties, DependsOn },
      ]),
    ),
  };
  const assembly = { id: 'Test', stacks: [{ name: 'Test-Stack', template }], assetFolder: () => asset };
  return createLocalStage(assembly, {
    stageName: 'test',
    port: 0,
    remapChallenges: false,
    dynamodb,
    secretsManager,
    clients,
    accessControl,
    functions,
    runtime: workerRuntime(),
    apis,
    progress: silentProgress(),
    assetFolder: assembly.assetFolder,
    log: () => {},
  });
}

const api: Record<string, ResourceText> = {
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'test', ProtocolType: 'HTTP' } },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
  },
};

const lambda = (statements: Json[] = []): Record<string, ResourceText> => ({
  Role: { Type: 'AWS::IAM::Role' },
  Policy: {
    Type: 'AWS::IAM::Policy',
    Properties: { PolicyName: 'p', PolicyDocument: { Statement: statements }, Roles: [{ Ref: 'Role' }] },
  },
  Function: {
    Type: 'AWS::Lambda::Function',
    Properties: {
      Code: { S3Key: 'code.zip' },
      Handler: 'index.handler',
      Runtime: 'nodejs24.x',
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Environment: { Variables: { URL: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
    },
    DependsOn: ['Policy'],
  },
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': ['Function', 'Arn'] },
      PayloadFormatVersion: '2.0',
    },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: { Ref: 'Api' },
      RouteKey: 'GET /things/{id}',
      Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Integration' }]] },
    },
  },
});

const permission = (path: string): Record<string, ResourceText> => ({
  Permission: {
    Type: 'AWS::Lambda::Permission',
    Properties: {
      Action: 'lambda:InvokeFunction',
      FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
      Principal: 'apigateway.amazonaws.com',
      SourceArn: {
        'Fn::Sub': `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${Api}/*/*${path}`,
      },
    },
  },
});

const environment = `export const handler = async () => ({ url: process.env.URL, name: process.env.AWS_LAMBDA_FUNCTION_NAME });`;

describe('HTTP API of a local stage', () => {
  test('invokes a function with the environment of its template', async () => {
    const { url } = await createStage({ ...api, ...lambda(), ...permission('/things/{id}') }, environment);
    const response = await fetch(`${url}/things/1`);
    expect(await response.json()).toStrictEqual({ url, name: 'Test-Stack-Function' });
  });

  test('responds with 500 if API Gateway has no permission to invoke the function', async () => {
    const { url } = await createStage({ ...api, ...lambda(), ...permission('/others') }, environment);
    expect((await fetch(`${url}/things/1`)).status).toBe(500);
  });

  test('responds with 404 without an AWS::ApiGatewayV2::Stage', async () => {
    const { Stage: _, ...undeployed } = api;
    const { url } = await createStage(
      { ...undeployed, ...lambda(), ...permission('/things/{id}') },
      environment,
    );
    expect((await fetch(`${url}/things/1`)).status).toBe(404);
  });
});

const schedule: Record<string, ResourceText> = {
  Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { SecretString: '{}' } },
  Schedule: {
    Type: 'AWS::SecretsManager::RotationSchedule',
    Properties: { SecretId: { Ref: 'Secret' }, RotationLambdaARN: { 'Fn::GetAtt': ['Function', 'Arn'] } },
  },
};

const apiWithCors = (CorsConfiguration: Json): Record<string, ResourceText> => ({
  Api: {
    Type: 'AWS::ApiGatewayV2::Api',
    Properties: { Name: 'a', ProtocolType: 'HTTP', CorsConfiguration },
  },
});

const failures: readonly [string, Record<string, ResourceText>, string, RegExp][] = [
  [
    'a resource type that is not supported',
    { Queue: { Type: 'AWS::SQS::Queue' } },
    '',
    /AWS::SQS::Queue Queue: resources of this type cannot be created/,
  ],
  [
    'a property that is not supported',
    {
      Api: {
        Type: 'AWS::ApiGatewayV2::Api',
        Properties: { Name: 'a', ProtocolType: 'HTTP', RouteSelectionExpression: 'x' },
      },
    },
    '',
    /the property RouteSelectionExpression is not known locally/,
  ],
  [
    'an allowed origin of a form that API Gateway does not document',
    apiWithCors({ AllowOrigins: ['https://*.example.com'] }),
    '',
    /CorsConfiguration\.AllowOrigins\.0: must be \*, https:\/\/\*, http:\/\/\* or an origin/,
  ],
  [
    'credentials that are allowed for every origin',
    apiWithCors({ AllowOrigins: ['*'], AllowCredentials: true }),
    '',
    /CorsConfiguration: credentials cannot be allowed for the origin \*/,
  ],
  [
    'a response parameter for a reserved header',
    {
      ...api,
      Integration: {
        Type: 'AWS::ApiGatewayV2::Integration',
        Properties: {
          ApiId: { Ref: 'Api' },
          IntegrationType: 'AWS_PROXY',
          IntegrationUri: 'arn:aws:lambda:eu-west-1:000000000000:function:f',
          PayloadFormatVersion: '2.0',
          ResponseParameters: {
            '401': { ResponseParameters: [{ Destination: 'overwrite:header.via', Source: 'x' }] },
          },
        },
      },
    },
    '',
    /Integration: The header via is reserved/,
  ],
  [
    'a condition that is not enforced',
    lambda([
      {
        Effect: 'Allow',
        Action: 'a:b',
        Resource: '*',
        Condition: { Bool: { 'aws:SecureTransport': 'true' } },
      },
    ]),
    '',
    /the condition operator Bool is not enforced locally/,
  ],
  [
    'a JWT authorizer before the issuer serves its discovery document',
    {
      ...api,
      Authorizer: {
        Type: 'AWS::ApiGatewayV2::Authorizer',
        Properties: {
          ApiId: { Ref: 'Api' },
          Name: 'jwt',
          AuthorizerType: 'JWT',
          IdentitySource: ['$request.header.Authorization'],
          JwtConfiguration: { Issuer: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] }, Audience: ['a'] },
        },
      },
    },
    '',
    /Authorizer: no discovery document at .* \(status 404\)/,
  ],
  [
    'a broken bundle',
    { ...api, ...lambda() },
    'export const handler = ;',
    /The bundle of Test-Stack-Function cannot be loaded: SyntaxError/,
  ],
  [
    'a rotation function that Secrets Manager has no permission to invoke',
    { ...api, ...lambda(), ...schedule },
    environment,
    /has no permission to call/,
  ],
  [
    'a table without a partition key',
    { Table: { Type: 'AWS::DynamoDB::Table', Properties: { AttributeDefinitions: [], KeySchema: [] } } },
    '',
    /no HASH key/,
  ],
];

describe('creation of a local stage', () => {
  test.each(failures)('fails with one line for %s', async (_, resources, source, message) => {
    const creation = createStage(resources, source);
    await expect(creation).rejects.toThrow(message);
    await expect(creation).rejects.toMatchObject({ message: expect.not.stringContaining('\n') });
  });
});

describe('rotation schedule of a local stage', () => {
  const permitted: Record<string, ResourceText> = {
    ...api,
    ...lambda(),
    ...schedule,
    RotationPermission: {
      Type: 'AWS::Lambda::Permission',
      Properties: {
        Action: 'lambda:InvokeFunction',
        FunctionName: { 'Fn::GetAtt': ['Function', 'Arn'] },
        Principal: 'secretsmanager.amazonaws.com',
        SourceArn: { Ref: 'Secret' },
      },
    },
    Schedule: { ...Object(schedule['Schedule']), DependsOn: ['RotationPermission'] },
  };

  test('starts a rotation when it is created', async () => {
    const failing = `export const handler = async ({ Step }) => { throw new Error(\`reached \${Step}\`); };`;
    await expect(createStage(permitted, failing)).rejects.toThrow(
      /failed in createSecret: reached createSecret/,
    );
  });

  test('fails if the bundle of the rotation function cannot be loaded', async () => {
    const broken = `import { SecretsManagerClient } from 'not-there';`;
    await expect(createStage(permitted, broken)).rejects.toThrow(
      /The bundle of Test-Stack-Function cannot be loaded/,
    );
  });
});
