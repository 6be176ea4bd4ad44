import { describe, expect, test } from '@jest/globals';
import type { Progress } from '../../local/progress.ts';
import type { Json } from '../../local/template/json.ts';
import { api, changed, createStage, lambda, permission } from './stage-of-resources.ts';
import type { ResourceText } from './stage-of-resources.ts';

const echo = `export const handler = async (event) => ({ ...event, names: process.env.NAMES });`;

/** A stage with `GET /things/{id}`. */
const working = { ...api, ...lambda(), ...permission('/things/{id}') };

/** Creates a stage; `lines` has what its start says. */
async function started(resources: Record<string, ResourceText>, source = echo) {
  const lines: string[] = [];
  const progress: Progress = {
    step: (_, work) => work(() => {}),
    line: (text) => void lines.push(text.trim()),
  };
  const creation = createStage(resources, source, progress);
  const failure = await creation.then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  return { creation, failure, lines };
}

async function thingOf(resources: Record<string, ResourceText>, path = '/things/1') {
  const { creation, lines } = await started(resources);
  const response = await fetch((await creation).url + path);
  return { status: response.status, body: Object(await response.json()), lines };
}

const type = (Type: string, Properties: Record<string, Json> = {}): ResourceText => ({ Type, Properties });

/** What an app has that no request depends on, with properties that cannot be evaluated locally. */
const others: Record<string, ResourceText> = {
  Acl: type('AWS::WAFv2::WebACL'),
  AclAssociation: type('AWS::WAFv2::WebACLAssociation', { WebACLArn: { 'Fn::GetAtt': ['Acl', 'Arn'] } }),
  Alarm: type('AWS::CloudWatch::Alarm', { AlarmActions: [{ Ref: 'Topic' }] }),
  Backup: type('AWS::Backup::BackupPlan'),
  Certificate: type('AWS::CertificateManager::Certificate'),
  Dashboard: type('AWS::CloudWatch::Dashboard', { DashboardBody: { 'Fn::ToJsonString': {} } }),
  Key: type('AWS::KMS::Key'),
  KeyAlias: type('AWS::KMS::Alias', { TargetKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } }),
  OtherKey: type('AWS::KMS::Key'),
  Parameter: type('AWS::SSM::Parameter', { Value: { 'Fn::GetAtt': ['Function', 'Arn'] } }),
  Queue: type('AWS::SQS::Queue'),
  Record: type('AWS::Route53::RecordSet'),
  Retention: type('Custom::LogRetention'),
  Rule: type('AWS::Events::Rule', { Targets: [{ Arn: { 'Fn::GetAtt': ['Function', 'Arn'] }, Id: 'a' }] }),
  SecretPolicy: type('AWS::SecretsManager::ResourcePolicy'),
  Subnet: type('AWS::EC2::Subnet', { AvailabilityZone: { 'Fn::Select': [0, { 'Fn::GetAZs': '' }] } }),
  Topic: type('AWS::SNS::Topic'),
  Vpc: type('AWS::EC2::VPC'),
};

describe('what no request depends on, at the start of a local stage', () => {
  test('is skipped and named in one line', async () => {
    const { status, lines } = await thingOf({ ...working, ...others, Metadata: type('AWS::CDK::Metadata') });
    expect(status).toBe(200);
    const names = Object.values(others).map(({ Type }) => Type);
    const counted = [...new Set(names)].toSorted().map((name) => `${name} (${count(names, name)})`);
    expect(lines).toStrictEqual([`test: not run on this machine: ${counted.join(', ')}`]);
  });

  test('is not named if there is nothing of it', async () => {
    expect((await thingOf(working)).lines).toStrictEqual([]);
  });

  test('has stand-ins for its names, the same at each start', async () => {
    const references = [
      { Ref: 'Key' },
      { 'Fn::GetAtt': ['Key', 'Arn'] },
      { 'Fn::Select': [1, { 'Fn::Split': ['/', { 'Fn::GetAtt': ['Key', 'Arn'] }] }] },
      { Ref: 'Topic' },
      { Ref: 'Queue' },
      { 'Fn::GetAtt': ['Queue', 'QueueUrl'] },
    ];
    const { body } = await thingOf({
      ...changed(working, 'Function', {
        Environment: { Variables: { NAMES: { 'Fn::Join': [' ', references] } } },
      }),
      ...others,
    });
    expect(body.names.split(' ')).toStrictEqual([
      'Test-Stack-Key',
      'arn:aws:kms:eu-west-1:000000000000:key/Test-Stack-Key',
      'Test-Stack-Key',
      'arn:aws:sns:eu-west-1:000000000000:Test-Stack-Topic',
      'https://sqs.eu-west-1.amazonaws.com/000000000000/Test-Stack-Queue',
      'https://test-stack-queue.invalid/',
    ]);
  });

  test('is named with its number after a failure too', async () => {
    const { failure, lines } = await started({
      Key: type('AWS::KMS::Key'),
      ...changed(working, 'Integration', { IntegrationType: 'MOCK' }),
    });
    expect(failure).toMatch(/IntegrationType/);
    expect(lines).toStrictEqual(['test: not run on this machine: AWS::KMS::Key (1)']);
  });

  test('may be a property that is not known, which is named', async () => {
    const { status, lines } = await thingOf(
      changed(working, 'Route', { Novelty: { 'Fn::Cidr': ['10.0.0.0/8'] } }),
    );
    expect([status, lines]).toStrictEqual([
      200,
      ['test: not run on this machine: AWS::ApiGatewayV2::Route.Novelty (1)'],
    ]);
  });

  test('may be a WebSocket API with its parts', async () => {
    const { status, lines } = await thingOf({
      ...working,
      Chat: type('AWS::ApiGatewayV2::Api', { ProtocolType: 'WEBSOCKET' }),
      ChatIntegration: type('AWS::ApiGatewayV2::Integration', {
        ApiId: { Ref: 'Chat' },
        IntegrationType: 'MOCK',
      }),
      ChatRoute: type('AWS::ApiGatewayV2::Route', { ApiId: { Ref: 'Chat' }, RouteKey: '$connect' }),
    });
    expect(status).toBe(200);
    expect(lines).toStrictEqual([
      'test: not run on this machine: AWS::ApiGatewayV2::Api of WebSocket (1), AWS::ApiGatewayV2::Integration (1), AWS::ApiGatewayV2::Route (1)',
    ]);
  });

  test('may be a function without a handler that nothing calls', async () => {
    const { status, lines } = await thingOf({
      ...working,
      Job: type('AWS::Lambda::Function', { ...functionOf(working), Handler: 'job.run' }),
    });
    expect(status).toBe(200);
    expect(lines).toStrictEqual([
      'test: functions that do not run on this machine: Test-Stack-Job (the asset has no module for the handler job.run)',
    ]);
  });

  test('may be the policy of a role that no function has', async () => {
    const Statement = [
      { Effect: 'Allow', Action: '*', Resource: '*', Condition: { Bool: { 'aws:SecureTransport': 'true' } } },
    ];
    const { status } = await thingOf({
      ...working,
      OtherRole: type('AWS::IAM::Role', { Policies: [{ PolicyName: 'p', PolicyDocument: { Statement } }] }),
    });
    expect(status).toBe(200);
  });
});

const count = (names: readonly string[], name: string) => names.filter((one) => one === name).length;
const functionOf = (resources: Record<string, ResourceText>) => resources['Function']?.Properties ?? {};

const authorizer = (properties: Record<string, Json>): Record<string, ResourceText> => ({
  ...changed(working, 'Route', { AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: 'Authorizer' } }),
  Authorizer: type('AWS::ApiGatewayV2::Authorizer', {
    ApiId: { Ref: 'Api' },
    Name: 'a',
    AuthorizerType: 'REQUEST',
    AuthorizerPayloadFormatVersion: '2.0',
    EnableSimpleResponses: true,
    AuthorizerUri: { 'Fn::GetAtt': ['Function', 'Arn'] },
    ...properties,
  }),
});

const dependedOn: readonly [string, Record<string, ResourceText>, RegExp][] = [
  [
    'an integration that calls no function',
    changed(working, 'Integration', { IntegrationType: 'MOCK' }),
    /AWS::ApiGatewayV2::Integration Integration: IntegrationType: .*"AWS_PROXY" but received "MOCK"/,
  ],
  [
    'an integration of a service',
    changed(working, 'Integration', { IntegrationSubtype: 'SQS-SendMessage' }),
    /requests depend on the property IntegrationSubtype, which is not known locally/,
  ],
  [
    'an integration with a resource that was skipped',
    {
      ...changed(working, 'Integration', { IntegrationUri: { 'Fn::GetAtt': ['Flow', 'Arn'] } }),
      Flow: type('AWS::StepFunctions::StateMachine'),
    },
    /Integration: arn:aws:stepfunctions:.*Test-Stack-Flow is no function of this app/,
  ],
  [
    'a route whose target was skipped',
    {
      ...changed(working, 'Route', { Target: { Ref: 'Flow' } }),
      Flow: type('AWS::StepFunctions::StateMachine'),
    },
    /AWS::ApiGatewayV2::Route Route: Target: Invalid start: Expected "integrations\/" but received "arn:/,
  ],
  [
    'a route whose target is an integration that is not there',
    {
      ...changed(working, 'Route', { Target: { 'Fn::Join': ['/', ['integrations', { Ref: 'Vpc' }]] } }),
      Vpc: type('AWS::EC2::VPC'),
    },
    /Route: the API has no integrations\/Test-Stack-Vpc/,
  ],
  [
    'a route with IAM authorization',
    changed(working, 'Route', { AuthorizationType: 'AWS_IAM' }),
    /Route: AuthorizationType: .*AWS_IAM/,
  ],
  [
    'an authorizer of an unknown type',
    authorizer({ AuthorizerType: 'X' }),
    /Authorizer: AuthorizerType: .*"X"/,
  ],
  [
    'an authorizer that responds with policies',
    authorizer({ EnableSimpleResponses: false }),
    /Authorizer: EnableSimpleResponses: /,
  ],
  [
    'an authorizer with a function that was skipped',
    { ...authorizer({ AuthorizerUri: { Ref: 'Topic' } }), Topic: type('AWS::SNS::Topic') },
    /Authorizer: arn:aws:sns:.* is no function of this app/,
  ],
  [
    'a function without a handler that a route calls',
    changed(working, 'Function', { Handler: 'gone.handler' }),
    /Integration: the function Test-Stack-Function does not run: the asset has no module for the handler gone\.handler/,
  ],
  [
    'routes from an OpenAPI document',
    changed(working, 'Api', { Body: { openapi: '3.0.1' } }),
    /Api: requests depend on the property Body/,
  ],
  [
    'stage variables',
    changed(working, 'Stage', { StageVariables: { a: 'b' } }),
    /depend on the property StageVariables/,
  ],
  [
    'a stage without a deployment',
    changed(working, 'Stage', { AutoDeploy: false }),
    /the stage deploys no route/,
  ],
];

test.each(dependedOn)('the start of a local stage ends for %s', async (_, resources, message) => {
  const { failure } = await started(resources);
  expect(failure).toMatch(message);
  expect(failure).not.toContain('\n');
});

/** Properties that AWS documents and that change nothing on this machine. */
const accepted: readonly [string, Record<string, Json>][] = [
  [
    'Function',
    {
      Architectures: ['arm64'],
      DeadLetterConfig: { TargetArn: { Ref: 'Queue' } },
      EphemeralStorage: { Size: 1_024 },
      KmsKeyArn: { 'Fn::GetAtt': ['Key', 'Arn'] },
      LoggingConfig: { LogFormat: 'JSON', ApplicationLogLevel: 'INFO', SystemLogLevel: 'WARN' },
      RecursiveLoop: 'Terminate',
      ReservedConcurrentExecutions: 5,
      SnapStart: { ApplyOn: 'None' },
      TracingConfig: { Mode: 'Active' },
      VpcConfig: { SubnetIds: [{ Ref: 'Subnet' }], SecurityGroupIds: [] },
    },
  ],
  [
    'Role',
    {
      AssumeRolePolicyDocument: {},
      Path: '/',
      ManagedPolicyArns: [awsPolicy('service-role/AWSLambdaVPCAccessExecutionRole')],
    },
  ],
  ['Api', { DisableExecuteApiEndpoint: true, IpAddressType: 'dualstack', Tags: { a: 'b' } }],
  [
    'Stage',
    {
      DefaultRouteSettings: { ThrottlingRateLimit: 1 },
      AccessLogSettings: {},
      AutoDeploy: false,
      DeploymentId: 'x',
    },
  ],
  ['Route', { OperationName: 'get' }],
  ['Integration', { TimeoutInMillis: 29_000, IntegrationMethod: 'POST', ConnectionType: 'INTERNET' }],
];

function awsPolicy(name: string): Json {
  return { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:iam::aws:policy/${name}`]] };
}

test.each(accepted)(
  'a local stage accepts properties of %s that no request can notice',
  async (id, properties) => {
    const { Key = type(''), Queue = type(''), Subnet = type('') } = others;
    const { status, lines } = await thingOf({ ...changed(working, id, properties), Key, Queue, Subnet });
    expect(status).toBe(200);
    expect(lines).toStrictEqual([
      'test: not run on this machine: AWS::EC2::Subnet (1), AWS::KMS::Key (1), AWS::SQS::Queue (1)',
    ]);
  },
);

test.each([
  ['Function', { Layers: ['arn:aws:lambda:eu-west-1:1:layer:l:1'] }, 'AWS::Lambda::Function.Layers'],
  ['Function', { FileSystemConfigs: [] }, 'AWS::Lambda::Function.FileSystemConfigs'],
  ['Role', { PermissionsBoundary: 'arn:aws:iam::1:policy/b' }, 'AWS::IAM::Role.PermissionsBoundary'],
  [
    'Role',
    { ManagedPolicyArns: [awsPolicy('AmazonDynamoDBFullAccess')] },
    'AWS::IAM::Role.ManagedPolicyArns AmazonDynamoDBFullAccess',
  ],
])('a local stage names the property %s %j as not run', async (id, properties, name) => {
  const { status, lines } = await thingOf(changed(working, id, properties));
  expect([status, lines]).toStrictEqual([200, [`test: not run on this machine: ${name} (1)`]]);
});

describe('customer managed KMS keys of a local stage', () => {
  const key = { 'Fn::GetAtt': ['Key', 'Arn'] };
  const read = `
    import { SecretsManagerClient, GetSecretValueCommand } from ${JSON.stringify(import.meta.resolve('@aws-sdk/client-secrets-manager'))};
    export const handler = async () => {
      const { SecretString } = await new SecretsManagerClient({}).send(new GetSecretValueCommand({ SecretId: process.env.NAMES }));
      return { secret: SecretString };
    };`;
  const keySchema = [{ AttributeName: 'pk', KeyType: 'HASH' }];
  const definitions = [{ AttributeName: 'pk', AttributeType: 'S' }];

  test('are accepted for tables, secrets and log groups, and by the policies of functions', async () => {
    const statements = [
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: { Ref: 'Secret' } },
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:DescribeKey'],
        Resource: key,
        Condition: { StringEquals: { 'kms:ViaService': 'secretsmanager.eu-west-1.amazonaws.com' } },
      },
    ];
    const resources = {
      ...changed({ ...working, ...lambda(statements) }, 'Function', {
        Environment: { Variables: { NAMES: { Ref: 'Secret' } } },
      }),
      Key: type('AWS::KMS::Key', { KeyPolicy: {} }),
      Secret: type('AWS::SecretsManager::Secret', { SecretString: 'the secret', KmsKeyId: key }),
      Logs: type('AWS::Logs::LogGroup', { KmsKeyId: key, LogGroupClass: 'INFREQUENT_ACCESS' }),
      Table: type('AWS::DynamoDB::Table', {
        AttributeDefinitions: definitions,
        KeySchema: keySchema,
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: key },
      }),
      GlobalTable: type('AWS::DynamoDB::GlobalTable', {
        AttributeDefinitions: definitions,
        KeySchema: keySchema,
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
        Replicas: [{ Region: 'eu-west-1', SSESpecification: { KMSMasterKeyId: key } }],
      }),
    };
    const { creation, lines } = await started(resources, read);
    const response = await fetch(`${(await creation).url}/things/1`);
    expect(await response.json()).toStrictEqual({ secret: 'the secret' });
    expect(lines).toStrictEqual(['test: not run on this machine: AWS::KMS::Key (1)']);
  });

  test('a managed policy of the app grants what it says', async () => {
    const Statement = [{ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: '*' }];
    const resources = {
      ...changed(changed(working, 'Role', { ManagedPolicyArns: [{ Ref: 'Managed' }] }), 'Function', {
        Environment: { Variables: { NAMES: { Ref: 'Secret' } } },
      }),
      Managed: type('AWS::IAM::ManagedPolicy', { PolicyDocument: { Statement } }),
      Secret: type('AWS::SecretsManager::Secret', { SecretString: 'the secret' }),
    };
    const { creation } = await started(resources, read);
    const response = await fetch(`${(await creation).url}/things/1`);
    expect(await response.json()).toStrictEqual({ secret: 'the secret' });
  });
});

describe('function of another runtime', () => {
  const python = changed(working, 'Function', { Runtime: 'python3.13', Handler: 'app.handler' });
  const line = 'test: functions that do not run on this machine: Test-Stack-Function (python3.13)';
  const body = { message: 'The function Test-Stack-Function does not run on this machine: python3.13' };

  test('is named at the start of a local stage, and its routes respond with 501', async () => {
    expect(await thingOf(python)).toStrictEqual({ status: 501, body, lines: [line] });
  });

  test('that is an authorizer lets no request pass', async () => {
    const behind = {
      ...authorizer({ AuthorizerUri: { 'Fn::GetAtt': ['Python', 'Arn'] } }),
      Python: type('AWS::Lambda::Function', { ...functionOf(working), Runtime: 'python3.13' }),
    };
    expect((await thingOf(behind)).status).toBe(501);
  });

  test('that is a container image is named so', async () => {
    const image = {
      ...working,
      Function: type('AWS::Lambda::Function', {
        Code: { ImageUri: 'x' },
        PackageType: 'Image',
        Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      }),
    };
    expect(await thingOf(image)).toMatchObject({
      status: 501,
      body: { message: expect.stringMatching(/a container image$/) },
    });
  });

  test('that rotates a secret leaves the secret as it is, which is named', async () => {
    const { status, lines } = await thingOf({
      ...working,
      Python: type('AWS::Lambda::Function', { ...functionOf(working), Runtime: 'python3.13' }),
      Secret: type('AWS::SecretsManager::Secret', { SecretString: '{}' }),
      Schedule: type('AWS::SecretsManager::RotationSchedule', {
        SecretId: { Ref: 'Secret' },
        RotationLambdaARN: { 'Fn::GetAtt': ['Python', 'Arn'] },
      }),
    });
    expect(status).toBe(200);
    expect(lines[0]).toBe('test: not run on this machine: AWS::SecretsManager::RotationSchedule (1)');
  });
});
