import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App, Validations } from 'aws-cdk-lib';
import type { Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AuthStage } from '../../lib/auth-stage.ts';
import { stages } from '../../lib/stages.ts';
import type { StageRecord } from '../../lib/stages.ts';
import { afterThisFile } from '../after-this-test.ts';

const outdir = mkdtempSync(join(tmpdir(), 'postern-settings-'));
afterThisFile(() => rmSync(outdir, { recursive: true }));

const [sandbox, production] = stages;
assert.ok(sandbox && production);
const { context } = JSON.parse(readFileSync(new URL('../../cdk.json', import.meta.url), 'utf8')) as {
  context: Record<string, unknown>;
};
const app = new App({ outdir, context, builtinCloudFormationValidation: false });

const account = '111122223333';
const encryptionKeyArn = `arn:aws:kms:eu-west-1:${account}:key/11111111-2222-3333-4444-555555555555`;
const permissionsBoundaryArn = `arn:aws:iam::${account}:policy/boundary`;
const certificateArn = `arn:aws:acm:eu-west-1:${account}:certificate/1`;
const hostedZone = { hostedZoneId: 'Z1', zoneName: 'example.com' };

const plain = new AuthStage(app, production);
/** Every setting at once. */
const complete = new AuthStage(app, {
  ...production,
  id: 'Complete',
  env: { account, region: 'eu-west-1' },
  domain: {
    name: 'auth.example.com',
    certificateArn,
    hostedZone,
    basePath: 'auth/v1',
    disableExecuteApiEndpoint: true,
  },
  throttles: {
    default: { rateLimit: 100, burstLimit: 200 },
    token: { rateLimit: 50, burstLimit: 60 },
    discovery: { rateLimit: 10, burstLimit: 20 },
  },
  reservedConcurrency: { token: 40, others: 7 },
  exampleApi: true,
  jwtAuthorizer: true,
  logClass: 'STANDARD',
  monitoring: { thresholds: { apiLatencyMilliseconds: 900 } },
  encryptionKeyArn,
  vpc: { subnetIds: ['subnet-1', 'subnet-2'], securityGroupIds: ['sg-1'] },
  tracing: true,
  memorySize: 1_024,
  permissionsBoundaryArn,
  tags: { team: 'platform' },
  hashKey: { replicaRegions: ['eu-central-1'], denyDeletion: true },
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();

const stacksOf = ({ node }: AuthStage) =>
  node.children.filter((child): child is Stack => 'stackName' in child);
const templatesOf = (stage: AuthStage) => stacksOf(stage).map((stack) => Template.fromStack(stack));
const everywhere = (stage: AuthStage, type: string) =>
  templatesOf(stage).flatMap((template) =>
    Object.values(template.findResources(type) as Record<string, { Properties: Record<string, unknown> }>),
  );
const [stateful, stateless] = [complete.stateful, complete.stateless].map((stack) =>
  Template.fromStack(stack),
);
assert.ok(stateful && stateless);

describe('names', () => {
  test('of stacks begin with the name of the product', () => {
    expect(stacksOf(plain).map(({ stackName }) => stackName)).toStrictEqual([
      'Postern-Production-Stateful',
      'Postern-Production-Stateless',
      'Postern-Production-AccountApi',
    ]);
  });

  test('of resources are generated, or have the name of the stack in them', () => {
    const named = templatesOf(plain).flatMap((template) => {
      const { Resources } = template.toJSON() as {
        Resources: Record<string, { Type: string; Properties?: Record<string, unknown> }>;
      };
      return Object.values(Resources).flatMap(({ Type, Properties = {} }) =>
        [
          'TableName',
          'FunctionName',
          'RoleName',
          'LogGroupName',
          'Name',
          'TopicName',
          'AlarmName',
          'DashboardName',
        ]
          .filter((property) => typeof Properties[property] === 'string')
          .map((property) => `${Type} ${property} ${String(Properties[property])}`),
      );
    });
    expect(named.filter((name) => !/Postern-Production[-/]/.test(name))).toStrictEqual([
      // The name of an API and of an authorizer need not be unique.
      'AWS::ApiGatewayV2::Api Name postern-production',
      'AWS::ApiGatewayV2::Authorizer Name TokenAuthorizer',
    ]);
  });
});

describe('logical ids', () => {
  /** Literally, because a test that read them from the code would follow every change. */
  const kept: [Stack, Record<string, string>][] = [
    [
      plain.stateful,
      {
        Clients67031123: 'AWS::DynamoDB::GlobalTable',
        Sessions8896A56D: 'AWS::DynamoDB::GlobalTable',
        SigningKeysA56F0358: 'AWS::SecretsManager::Secret',
        HashKeyEC50E6F3: 'AWS::SecretsManager::Secret',
      },
    ],
    [
      plain.stateless,
      {
        ApiF70053CD: 'AWS::ApiGatewayV2::Api',
        SigningKeyRotationSchedule8E3BE7B6: 'AWS::SecretsManager::RotationSchedule',
      },
    ],
  ];
  const lost: Readonly<Record<string, string>> = {
    'AWS::DynamoDB::GlobalTable': 'the stage would begin with an empty table: no client, no session',
    'AWS::SecretsManager::Secret':
      'the stage would begin with other keys: no token and no client secret would be valid',
    'AWS::ApiGatewayV2::Api': 'the URL of the stage, which is its issuer, would be another one',
    'AWS::SecretsManager::RotationSchedule': 'the keys would be rotated at once',
  };

  test.each(
    kept.flatMap(([stack, ids]) => Object.entries(ids).map(([id, type]) => [id, type, stack] as const)),
  )('%s is a %s', (id, type, stack) => {
    const { Resources } = Template.fromStack(stack).toJSON() as {
      Resources: Record<string, { Type: string }>;
    };
    const found = Object.entries(Resources).filter(([, resource]) => resource.Type === type);
    const explanation = `A deployment would replace ${id}: ${lost[type] ?? ''}. Found: ${found.map(([name]) => name).join(', ')}`;
    expect(Resources[id]?.Type ?? explanation).toBe(type);
  });
});

describe('stage without an example API', () => {
  test('has no stack of it', () => {
    expect(plain.exampleApi).toBeUndefined();
  });
});

describe('domain of a stage', () => {
  const issuer = 'https://auth.example.com/auth/v1';

  test('has a name, a certificate and a mapping with the base path', () => {
    stateless.hasResourceProperties('AWS::ApiGatewayV2::DomainName', {
      DomainName: 'auth.example.com',
      DomainNameConfigurations: [
        Match.objectLike({ CertificateArn: certificateArn, SecurityPolicy: 'TLS_1_2' }),
      ],
    });
    stateless.hasResourceProperties('AWS::ApiGatewayV2::ApiMapping', {
      ApiMappingKey: 'auth/v1',
      Stage: '$default',
    });
  });

  test.each(['A', 'AAAA'])('has an alias record of type %s', (Type) => {
    stateless.hasResourceProperties('AWS::Route53::RecordSet', {
      Type,
      Name: 'auth.example.com.',
      HostedZoneId: 'Z1',
    });
  });

  test('is the issuer and the audience of every function', () => {
    const variables = everywhere(complete, 'AWS::Lambda::Function').map(
      ({ Properties }) => (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables,
    );
    const issuers = variables.flatMap(({ ISSUER, AUDIENCE }) => [ISSUER, AUDIENCE]).filter(Boolean);
    expect(new Set(issuers)).toStrictEqual(new Set([issuer]));
    stateless.hasOutput('Issuer', { Value: issuer });
    stateless.hasOutput('Url', { Value: issuer });
  });

  test('is the only way in, if the URL of the API is switched off', () => {
    stateless.hasResourceProperties('AWS::ApiGatewayV2::Api', { DisableExecuteApiEndpoint: true });
  });

  test('is where the JWT authorizer reads the metadata, which are there before it', () => {
    const example = complete.exampleApi ?? assert.fail();
    Template.fromStack(example).hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      JwtConfiguration: { Issuer: issuer, Audience: [issuer] },
    });
    expect(example.dependencies).toContain(complete.stateless);
  });

  test('can be added and removed later: the stack exports the same in either case', () => {
    const exported = (stack: Stack) =>
      Object.keys(Template.fromStack(stack).findOutputs('*')).filter((name) =>
        name.startsWith('ExportsOutput'),
      );
    expect(exported(complete.stateless).toSorted()).toStrictEqual(exported(plain.stateless).toSorted());
    expect(exported(plain.stateless).length).toBeGreaterThan(0);
  });

  test.each<[string, Partial<StageRecord>, string]>([
    [
      'beside an issuer',
      { issuer: 'https://a.example', domain: { name: 'b.example', certificateArn } },
      'the issuer follows the domain: leave it out',
    ],
    [
      'with a name that is no host',
      { domain: { name: 'Auth.example.com', certificateArn } },
      'the domain gives the issuer https://Auth.example.com, which must be an https URL',
    ],
    [
      'with a slash at the end of its base path',
      { domain: { name: 'auth.example.com', certificateArn, basePath: 'v1/' } },
      'the domain gives the issuer https://auth.example.com/v1/, which must be an https URL',
    ],
  ])('does not synthesize %s', (_, changes, message) => {
    const other = new App({ outdir: join(outdir, 'other'), builtinCloudFormationValidation: false });
    expect(() => new AuthStage(other, { ...production, ...changes })).toThrow(message);
  });
});

describe('stage with every setting', () => {
  const functions = everywhere(complete, 'AWS::Lambda::Function').map(({ Properties }) => Properties);

  test('is deployed into its account and region', () => {
    expect(stacksOf(complete).map(({ environment }) => environment)).toStrictEqual(
      Array.from({ length: 4 }, () => `aws://${account}/eu-west-1`),
    );
  });

  test('throttles the routes of a group, which exist before the settings', () => {
    const [gateway] = Object.values(stateless.findResources('AWS::ApiGatewayV2::Stage'));
    const limits = (rate: number, burst: number) => ({
      ThrottlingRateLimit: rate,
      ThrottlingBurstLimit: burst,
    });
    expect(gateway?.['Properties'].DefaultRouteSettings).toStrictEqual(limits(100, 200));
    const settings = gateway?.['Properties'].RouteSettings as Record<string, unknown>;
    expect(settings['POST /oauth/token']).toStrictEqual(limits(50, 60));
    expect(settings['POST /rest/v1/app/session/token']).toStrictEqual(limits(50, 60));
    expect(settings['GET /.well-known/jwks.json']).toStrictEqual(limits(10, 20));
    expect(Object.keys(settings).length).toBe(8);
    const routes = stateless.findResources('AWS::ApiGatewayV2::Route');
    const awaited = (gateway?.['DependsOn'] as string[]).map((id) =>
      String(routes[id]?.['Properties'].RouteKey),
    );
    expect(awaited.toSorted()).toStrictEqual(Object.keys(settings).toSorted());
  });

  test('reserves concurrency for the token function, and for each of the others', () => {
    const reserved = functions.map(({ Description, ReservedConcurrentExecutions }) => [
      String(Description).includes('/oauth/token'),
      ReservedConcurrentExecutions,
    ]);
    expect(new Set(reserved.map((one) => JSON.stringify(one)))).toStrictEqual(
      new Set(['[true,40]', '[false,7]']),
    );
  });

  test('runs its functions in the network, with the memory, traced', () => {
    expect(functions.length).toBeGreaterThan(5);
    for (const properties of functions) {
      expect(properties).toMatchObject({
        VpcConfig: { SubnetIds: ['subnet-1', 'subnet-2'], SecurityGroupIds: ['sg-1'] },
        MemorySize: 1_024,
        TracingConfig: { Mode: 'Active' },
      });
    }
  });

  test('bounds every role', () => {
    const roles = everywhere(complete, 'AWS::IAM::Role');
    expect(new Set(roles.map(({ Properties }) => Properties['PermissionsBoundary']))).toStrictEqual(
      new Set([permissionsBoundaryArn]),
    );
  });

  test('encrypts tables, secrets and logs with its key, which the roles may use', () => {
    for (const { Properties } of everywhere(complete, 'AWS::DynamoDB::GlobalTable').slice(0, 2)) {
      expect(Properties['Replicas']).toMatchObject([
        { SSESpecification: { KMSMasterKeyId: encryptionKeyArn } },
      ]);
    }
    for (const { Properties } of everywhere(complete, 'AWS::SecretsManager::Secret')) {
      expect(Properties['KmsKeyId']).toBe(encryptionKeyArn);
    }
    for (const { Properties } of everywhere(complete, 'AWS::Logs::LogGroup')) {
      expect(Properties).toMatchObject({ KmsKeyId: encryptionKeyArn, LogGroupClass: 'STANDARD' });
    }
    const policies = everywhere(complete, 'AWS::IAM::Policy').map(({ Properties }) =>
      JSON.stringify(Properties),
    );
    for (const policy of policies) expect(policy).toMatch(/kms:Decrypt.*"Resource":"arn:aws:kms:/);
  });

  test('grants its functions no action on everything, except what has no resource', () => {
    const actions = everywhere(complete, 'AWS::IAM::Policy').flatMap(({ Properties }) =>
      (
        Properties['PolicyDocument'] as { Statement: { Action: string | string[]; Resource: unknown }[] }
      ).Statement.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action),
    );
    expect([...new Set(actions)].toSorted()).toStrictEqual([
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
      'xray:PutTelemetryRecords',
      'xray:PutTraceSegments',
    ]);
  });

  test('tags its resources', () => {
    stateful.hasResourceProperties('AWS::SecretsManager::Secret', {
      Tags: Match.arrayWith([
        { Key: 'postern:stage', Value: 'production' },
        { Key: 'team', Value: 'platform' },
      ]),
    });
  });

  test('has a replica of the hash key, which nobody may delete', () => {
    stateful.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
      ReplicaRegions: [{ Region: 'eu-central-1' }],
    });
    stateful.hasResourceProperties('AWS::SecretsManager::ResourcePolicy', {
      ResourcePolicy: Match.objectLike({
        Statement: [Match.objectLike({ Effect: 'Deny', Action: 'secretsmanager:DeleteSecret' })],
      }),
    });
  });

  test('has no finding of cdk-nag without a reason', () => {
    const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as {
      pluginReports: { violations: unknown[] }[];
    };
    expect(report.pluginReports.flatMap(({ violations }) => violations)).toStrictEqual([]);
  });
});

describe('monitoring of a stage', () => {
  test('is on in production, with a topic that the outputs name', () => {
    const template = Template.fromStack(plain.stateless);
    template.hasOutput('AlarmTopic', {});
    template.resourceCountIs('AWS::SNS::Topic', 1);
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 1);
    expect(Object.keys(template.findResources('AWS::CloudWatch::Alarm')).length).toBeGreaterThan(30);
  });

  test('is off in the sandbox', () => {
    expect(sandbox.monitoring).toBeUndefined();
  });

  test('watches every function of the server', () => {
    expect(Object.keys(plain.server.functions).toSorted()).toStrictEqual([
      'Introspect',
      'Revoke',
      'SessionToken',
      'SigningKeyRotation',
      'Token',
      'WellKnown',
    ]);
  });

  test('has the thresholds of the record, and an age of keys that follows from the rotation', () => {
    const alarms = stateless.findResources('AWS::CloudWatch::Alarm');
    const thresholds = Object.entries(alarms).map(([id, { Properties }]) => [id, Properties.Threshold]);
    expect(thresholds.find(([id]) => /Latency/.test(String(id)))?.[1]).toBe(900);
    expect(thresholds.find(([id]) => /KeyAge/.test(String(id)))?.[1]).toBe(
      (production.rotationDays + 3) * 24 * 60 * 60,
    );
  });

  test('tells the topic of a rotation that has failed', () => {
    stateless.hasResourceProperties('AWS::Events::Rule', {
      EventPattern: Match.objectLike({ detail: Match.objectLike({ eventName: ['RotationFailed'] }) }),
    });
  });

  test('does not synthesize beside logs that have no metrics', () => {
    const other = new App({ outdir: join(outdir, 'other'), builtinCloudFormationValidation: false });
    expect(() => new AuthStage(other, { ...production, logClass: 'INFREQUENT_ACCESS' })).toThrow(
      'monitoring: there are no metrics of logs of the class INFREQUENT_ACCESS',
    );
  });

  test('saves five queries of the logs', () => {
    stateless.resourceCountIs('AWS::Logs::QueryDefinition', 5);
  });
});

test('the first rotation starts after everything else of its stack was created', () => {
  const { Resources } = Template.fromStack(plain.stateless).toJSON() as {
    Resources: Record<string, { Type: string; DependsOn?: string[] }>;
  };
  const schedule = 'SigningKeyRotationSchedule8E3BE7B6';
  const others = Object.entries(Resources)
    .filter(([id, { Type }]) => id !== schedule && /ApiGatewayV2|Lambda|IAM|LogGroup/.test(Type))
    .map(([id]) => id);
  const awaited = new Set(Resources[schedule]?.DependsOn);
  expect(others.filter((id) => !awaited.has(id) && !id.startsWith('SigningKeyRotation'))).toStrictEqual([]);
});

test('the hash key of a stage is generated with settings that must stay as they are', () => {
  Template.fromStack(plain.stateful).hasResourceProperties('AWS::SecretsManager::Secret', {
    GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
  });
});
