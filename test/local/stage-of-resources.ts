import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HttpApi } from '../../local/api-gateway/http-api.ts';
import { dynamodbClient, secretsManagerClient } from '../../local/clients.ts';
import type { StageAssembly } from '../../local/cloud-assembly.ts';
import { startDynamoDB } from '../../local/dynamodb/dynamodb.ts';
import { localAccessControl } from '../../local/iam/access-control.ts';
import { newAccessKey } from '../../local/iam/access-key.ts';
import { localFunctions } from '../../local/lambda/functions.ts';
import { workerRuntime } from '../../local/lambda/worker-runtime.ts';
import { createLocalStage } from '../../local/local-stage.ts';
import type { Progress } from '../../local/progress.ts';
import { silentProgress } from '../../local/progress.ts';
import { startSecretsManager } from '../../local/secrets-manager/secrets-manager.ts';
import type { Json } from '../../local/template/json.ts';
import { afterThisTest } from '../after-this-test.ts';
import { temporaryFolder } from './fixture-function.ts';

export interface ResourceText {
  readonly Type: string;
  readonly Properties?: Record<string, Json>;
  readonly DependsOn?: readonly string[];
}

/** Creates a stage of one stack with these resources; the code of every function is `source`. */
export async function createStage(
  resources: Record<string, ResourceText>,
  source = '',
  progress: Progress = silentProgress(),
) {
  const asset = join(temporaryFolder(), 'asset');
  mkdirSync(asset);
  writeFileSync(join(asset, 'index.mjs'), source);
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
  const stacks = [{ name: 'Test-Stack', template }];
  return createStageOf({ id: 'Test', name: 'test', stacks, assetFolder: () => asset }, progress);
}

/** Creates the stage of an assembly, with services of its own. */
export async function createStageOf(assembly: StageAssembly, progress: Progress) {
  const operator = newAccessKey();
  const accessControl = localAccessControl(operator);
  const functions = localFunctions({ loadWhenNeeded: true, onLoadFailure: () => {} });
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
  afterThisTest(async () => {
    for (const api of apis.values()) await api.close();
    await functions.close();
    clients.dynamodb.destroy();
    clients.secretsManager.destroy();
    await secretsManager.close();
    await dynamodb.close();
  });
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
    progress,
    assetFolder: assembly.assetFolder,
    log: () => {},
  });
}

export const api: Record<string, ResourceText> = {
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'test', ProtocolType: 'HTTP' } },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'Api' }, StageName: '$default', AutoDeploy: true },
  },
};

export const lambda = (statements: Json[] = []): Record<string, ResourceText> => ({
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

export const permission = (path: string): Record<string, ResourceText> => ({
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

/** The same resources, one of which has other properties as well. */
export const changed = (
  resources: Record<string, ResourceText>,
  logicalId: string,
  properties: Record<string, Json>,
): Record<string, ResourceText> => {
  const { [logicalId]: resource } = resources;
  if (!resource) throw new Error(`There is no ${logicalId}`);
  return {
    ...resources,
    [logicalId]: { ...resource, Properties: { ...resource.Properties, ...properties } },
  };
};
