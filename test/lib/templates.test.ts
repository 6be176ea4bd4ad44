import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AuthStage } from '../../lib/auth-stage.ts';
import { stages } from '../../lib/stages.ts';

const outdir = mkdtempSync(join(tmpdir(), 'postern-templates-'));
afterAll(() => rmSync(outdir, { recursive: true }));

const cdkJson = new URL('../../cdk.json', import.meta.url);
const { context } = JSON.parse(readFileSync(cdkJson, 'utf8')) as { context: Record<string, unknown> };
const app = new App({ outdir, context });
const built = stages.map((record) => ({ record, stage: new AuthStage(app, record) }));
const [sandboxRecord] = stages;
assert.ok(sandboxRecord);
const elliptic = new AuthStage(app, {
  ...sandboxRecord,
  id: 'Elliptic',
  name: 'elliptic',
  signingAlgorithm: 'ES256',
  jwtAuthorizer: false,
});
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
app.synth();

const all = built.map(({ record, stage }) => ({
  record,
  stateful: Template.fromStack(stage.stateful),
  stateless: Template.fromStack(stage.stateless),
  accountApi: Template.fromStack(stage.accountApi),
  exampleApi: Template.fromStack(stage.exampleApi),
}));

interface Resource {
  readonly Type: string;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  readonly Properties: Record<string, unknown>;
}
const resources = (template: Template, type: string) =>
  Object.values(template.findResources(type)) as Resource[];

/** Every grant there is: who may do what with which items. */
const bySecret = (grantee: string) => [
  `${grantee}: GetItem of Clients client#*`,
  `${grantee}: PutItem of Clients secret-use#*`,
  `${grantee}: GetSecretValue of HashKey`,
];
const authenticating = (grantee: string) => [...bySecret(grantee), `${grantee}: PutItem of Sessions used#*`];
const allGrants = [
  ...authenticating('Token'),
  'Token: BatchGetItem GetItem of Clients client#* key-set',
  'Token: BatchGetItem of Sessions revoked#*',
  'Token: GetSecretValue of SigningKeys',
  ...bySecret('SessionToken'),
  'SessionToken: PutItem of Sessions session#*',
  ...authenticating('Revoke'),
  'Revoke: GetItem of Clients key-set',
  'Revoke: DeleteItem GetItem of Sessions session#*',
  'Revoke: PutItem of Sessions revoked#*',
  ...authenticating('Introspect'),
  'Introspect: BatchGetItem GetItem of Clients client#* key-set',
  'Introspect: BatchGetItem GetItem of Sessions session#* revoked#*',
  'Introspect: GetSecretValue of SigningKeys',
  'WellKnown: GetItem of Clients key-set',
  'SigningKeyRotationFunction: DescribeSecret GetSecretValue PutSecretValue UpdateSecretVersionStage of SigningKeys',
  'SigningKeyRotationFunction: PutItem of Clients key-set',
  'ExampleApi: GetItem PutItem of Subscriptions subscription#*',
  'AccountProfile: GetItem of Clients account#*',
  'SessionKeys: GetItem of Clients account#* client#*',
  'SessionKeys: DeleteItem PutItem of Clients client#*',
  'SessionKeys: UpdateItem of Clients account#*',
  'SessionKeys: GetSecretValue of HashKey',
  'TokenAuthorizerFunction: BatchGetItem GetItem of Clients client#* key-set',
  'TokenAuthorizerFunction: BatchGetItem GetItem of Sessions session#* revoked#*',
  'TokenAuthorizerFunction: PutItem of Sessions used#*',
  'TokenAuthorizerFunction: GetSecretValue of HashKey',
];

for (const { record, stateful, stateless, accountApi, exampleApi } of all) {
  const policy = record.retain ? 'Retain' : 'Delete';

  test(`${record.name}: tables are on demand, encrypted, restorable to a point in time`, () => {
    const tables = [
      ...resources(stateful, 'AWS::DynamoDB::GlobalTable'),
      ...resources(exampleApi, 'AWS::DynamoDB::GlobalTable'),
    ];
    expect(tables.length).toBe(3);
    for (const { Properties, DeletionPolicy } of tables) {
      expect(Properties['BillingMode']).toBe('PAY_PER_REQUEST');
      expect(Properties['SSESpecification']).toStrictEqual({ SSEEnabled: true, SSEType: 'KMS' });
      expect(Properties['KeySchema']).toStrictEqual([{ AttributeName: 'pk', KeyType: 'HASH' }]);
      expect(Properties['GlobalSecondaryIndexes']).toBeUndefined();
      const [replica] = Properties['Replicas'] as Record<string, unknown>[];
      expect(replica?.['PointInTimeRecoverySpecification']).toStrictEqual({
        PointInTimeRecoveryEnabled: true,
      });
      expect(replica?.['DeletionProtectionEnabled']).toBe(record.retain);
      expect(DeletionPolicy).toBe(policy);
    }
  });

  test(`${record.name}: sessions and clients expire by expiresAt`, () => {
    stateful.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  test(`${record.name}: secrets are ${record.retain ? 'retained' : 'deleted'} with the stack`, () => {
    const secrets = resources(stateful, 'AWS::SecretsManager::Secret');
    expect(secrets.length).toBe(2);
    for (const { DeletionPolicy } of secrets) expect(DeletionPolicy).toBe(policy);
    // A change of this text would overwrite the keys of every stage that is deployed.
    stateful.hasResourceProperties('AWS::SecretsManager::Secret', { SecretString: '{}' });
  });

  test(`${record.name}: the signing keys rotate on schedule, and at once when the schedule is made`, () => {
    stateless.hasResource('AWS::SecretsManager::RotationSchedule', {
      Properties: {
        RotationRules: { AutomaticallyAfterDays: record.rotationDays },
        RotateImmediatelyOnUpdate: true,
      },
      DependsOn: Match.arrayWith([
        Match.stringLikeRegexp('^SigningKeyRotationFunction'),
        Match.stringLikeRegexp('^SigningKeyRotationFunctionSecretsManager'),
      ]),
    });
    stateless.hasResourceProperties('AWS::Lambda::Permission', {
      Principal: 'secretsmanager.amazonaws.com',
      SourceArn: Match.anyValue(),
    });
  });

  test(`${record.name}: functions are arm64, Node 24, with a role and a log group of their own`, () => {
    for (const template of [stateless, accountApi, exampleApi]) {
      const functions = resources(template, 'AWS::Lambda::Function');
      expect(functions.length).toBeGreaterThan(0);
      const roles = new Set(functions.map(({ Properties }) => JSON.stringify(Properties['Role'])));
      const logs = new Set(functions.map(({ Properties }) => JSON.stringify(Properties['LoggingConfig'])));
      expect(roles.size).toBe(functions.length);
      expect(logs.size).toBe(functions.length);
      for (const { Properties } of functions) {
        expect(Properties['Architectures']).toStrictEqual(['arm64']);
        expect(Properties['Runtime']).toBe('nodejs24.x');
        expect((Properties['Environment'] as { Variables: Record<string, unknown> }).Variables['STAGE']).toBe(
          record.name,
        );
      }
      for (const { Properties, DeletionPolicy } of resources(template, 'AWS::Logs::LogGroup')) {
        expect(Properties['RetentionInDays']).toBe(record.logRetentionDays);
        expect(DeletionPolicy).toBe(policy);
      }
    }
  });

  test(`${record.name}: no role may do anything to everything`, () => {
    const grants: string[] = [];
    for (const template of [stateless, accountApi, exampleApi]) {
      for (const role of resources(template, 'AWS::IAM::Role')) {
        expect(role.Properties['ManagedPolicyArns']).toBeUndefined();
      }
      for (const { Properties } of resources(template, 'AWS::IAM::Policy')) {
        const { Statement } = Properties['PolicyDocument'] as {
          Statement: {
            Action: string | string[];
            Resource: unknown;
            Condition?: Record<string, Record<string, string[]>>;
          }[];
        };
        for (const { Action, Resource, Condition } of Statement) {
          assert.ok(!JSON.stringify([Action, Resource]).includes('*'), JSON.stringify(Resource));
          const actions = [Action].flat();
          if (actions.some((action) => action.startsWith('logs:'))) continue;
          const prefixes = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? [];
          const grantee = String(Properties['PolicyName']).replace(/(Role)?(Default)?Policy.*/, '');
          const what = actions
            .map((action) => action.replace(/^\w+:/, ''))
            .toSorted()
            .join(' ');
          for (const resource of [Resource].flat()) {
            const on = /(Clients|Sessions|Subscriptions|SigningKeys|HashKey)/.exec(
              JSON.stringify(resource),
            )?.[1];
            grants.push([`${grantee}: ${what} of ${on}`, ...prefixes].join(' '));
          }
        }
      }
    }
    expect(grants.toSorted()).toStrictEqual(allGrants.toSorted());
  });

  test(`${record.name}: the routes of the contracts, and who authorizes each`, () => {
    const authorizationOf = (template: Template) =>
      Object.fromEntries(
        resources(template, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => [
          Properties['RouteKey'],
          [
            Properties['AuthorizationType'],
            ...((Properties['AuthorizationScopes'] as string[] | undefined) ?? []),
          ],
        ]),
      );
    expect(authorizationOf(stateless)).toStrictEqual({
      'POST /oauth/token': ['NONE'],
      'POST /rest/v1/app/session/token': ['NONE'],
      'POST /oauth/revoke': ['NONE'],
      'POST /oauth/introspect': ['NONE'],
      'GET /.well-known/oauth-authorization-server': ['NONE'],
      'GET /.well-known/openid-configuration': ['NONE'],
      'GET /.well-known/jwks.json': ['NONE'],
    });
    expect(authorizationOf(accountApi)).toStrictEqual({
      'GET /rest/v1/users/{mage_id}': ['CUSTOM'],
      'GET /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'POST /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'PUT /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'PUT /rest/v1/users/{mage_id}/keys/{application_id}': ['CUSTOM'],
      'DELETE /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'DELETE /rest/v1/users/{mage_id}/keys/{application_id}': ['CUSTOM'],
    });
    expect(authorizationOf(exampleApi)).toStrictEqual({
      'POST /api/v1/marketplace/subscriptions': ['JWT', 'marketplace.order:create'],
      'GET /api/v1/marketplace/subscriptions/{externalSubscriptionId}': ['JWT', 'marketplace.order:read'],
    });
  });

  test(`${record.name}: the JWT authorizer has an issuer and an audience, and comes after what it reads`, () => {
    const [jwt] = resources(exampleApi, 'AWS::ApiGatewayV2::Authorizer').filter(
      ({ Properties }) => Properties['AuthorizerType'] === 'JWT',
    );
    const { Issuer, Audience } = jwt?.Properties['JwtConfiguration'] as {
      Issuer: object;
      Audience: object[];
    };
    expect(JSON.stringify(Issuer)).toContain('ApiEndpoint');
    expect(Audience).toStrictEqual([Issuer]);
  });

  test(`${record.name}: the gateway throttles, and logs requests without what may be a credential`, () => {
    const [stage] = resources(stateless, 'AWS::ApiGatewayV2::Stage');
    const { rateLimit, burstLimit } = record.throttle;
    expect(stage?.Properties['DefaultRouteSettings']).toStrictEqual({
      ThrottlingRateLimit: rateLimit,
      ThrottlingBurstLimit: burstLimit,
    });
    const { Format } = stage?.Properties['AccessLogSettings'] as { Format: string };
    expect(Format).not.toMatch(/header|query|body|claims/i);
    expect(Object.keys(JSON.parse(Format))).toContain('requestId');
  });

  test(`${record.name}: outputs tell what operators and partners need`, () => {
    for (const output of ['ClientsTable', 'SessionsTable', 'SigningKeysSecret', 'HashKeySecret']) {
      stateful.hasOutput(output, {});
    }
    for (const output of ['Url', 'Issuer']) stateless.hasOutput(output, {});
  });
}

test('the example API is deployed after the discovery document that its authorizer reads', () => {
  for (const { stage } of built) expect(stage.exampleApi.dependencies).toContain(stage.stateless);
});

test('production cannot be deleted by accident', () => {
  for (const { record, stage } of built) {
    expect(stage.stateful.terminationProtection ?? false).toBe(record.retain);
    expect(stage.accountApi.terminationProtection ?? false).toBe(record.retain);
    expect(stage.exampleApi.terminationProtection ?? false).toBe(record.retain);
  }
});

test('a stage that signs with ES256 has the Lambda authorizer everywhere', () => {
  const template = Template.fromStack(elliptic.exampleApi);
  for (const { Properties } of resources(template, 'AWS::ApiGatewayV2::Route')) {
    expect(Properties['AuthorizationType']).toBe('CUSTOM');
  }
  template.resourceCountIs('AWS::ApiGatewayV2::Authorizer', 1);
});

test('a bundle holds the code of its own function alone', () => {
  const marks = {
    'example-api': 'externalSubscriptionId',
    'rotate-signing-keys': 'has not created this version',
    'session-keys': 'regenerate_secret',
    'well-known': 'response_types_supported',
  };
  const bundles = readdirSync(join(outdir, 'bundles'));
  expect(bundles.toSorted()).toStrictEqual(readdirSync(new URL('../../lambda', import.meta.url)).toSorted());
  for (const folder of bundles) {
    expect(readdirSync(join(outdir, 'bundles', folder))).toStrictEqual(['index.mjs', 'index.mjs.map']);
    const bundle = readFileSync(join(outdir, 'bundles', folder, 'index.mjs'), 'utf8');
    for (const [owner, mark] of Object.entries(marks)) {
      assert.equal(bundle.includes(mark), owner === folder, `${mark} in ${folder}`);
    }
  }
});

test('an asset is its bundle without the source map, named by its content', () => {
  const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const bundles = readdirSync(join(outdir, 'bundles')).map((folder) =>
    hashOf(join(outdir, 'bundles', folder, 'index.mjs')),
  );
  const assets = readdirSync(outdir).filter((name) => name.startsWith('asset.'));
  expect(assets.map((name) => hashOf(join(outdir, name, 'index.mjs'))).toSorted()).toStrictEqual(
    bundles.toSorted(),
  );
  for (const name of assets) {
    expect(readdirSync(join(outdir, name))).toStrictEqual(['index.mjs']);
    const code = readFileSync(join(outdir, name, 'index.mjs'), 'utf8');
    expect(code).toMatch(/\n\/\/# sourceMappingURL=index\.mjs\.map\n$/);
    assert.ok(!code.includes(outdir) && !code.includes(process.cwd()), 'it names no path of this machine');
  }
});

test('cdk-nag has no finding without a reason', () => {
  const report = readFileSync(join(outdir, 'validation-report.json'), 'utf8');
  const { pluginReports } = JSON.parse(report) as {
    pluginReports: { conclusion?: string; violations: unknown[] }[];
  };
  expect(pluginReports.length).toBeGreaterThan(0);
  for (const { violations } of pluginReports) expect(violations).toStrictEqual([]);
});
