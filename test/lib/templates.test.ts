import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks } from 'cdk-nag';
import { AuthStage } from '../../lib/auth-stage.ts';
import { stages } from '../../lib/stages.ts';

const outdir = mkdtempSync(join(tmpdir(), 'postern-templates-'));
after(() => rmSync(outdir, { recursive: true }));

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
  partnerApi: Template.fromStack(stage.partnerApi),
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
  'PartnerApi: GetItem of Clients account#*',
  'PartnerApi: GetItem PutItem of Subscriptions subscription#*',
  'SessionKeys: GetItem of Clients account#* client#*',
  'SessionKeys: DeleteItem PutItem of Clients client#*',
  'SessionKeys: UpdateItem of Clients account#*',
  'SessionKeys: GetSecretValue of HashKey',
  'TokenAuthorizerFunction: BatchGetItem GetItem of Clients client#* key-set',
  'TokenAuthorizerFunction: BatchGetItem GetItem of Sessions session#* revoked#*',
  'TokenAuthorizerFunction: PutItem of Sessions used#*',
  'TokenAuthorizerFunction: GetSecretValue of HashKey',
];

for (const { record, stateful, stateless, partnerApi } of all) {
  const policy = record.retain ? 'Retain' : 'Delete';

  test(`${record.name}: tables are on demand, encrypted, restorable to a point in time`, () => {
    const tables = [
      ...resources(stateful, 'AWS::DynamoDB::GlobalTable'),
      ...resources(partnerApi, 'AWS::DynamoDB::GlobalTable'),
    ];
    assert.equal(tables.length, 3);
    for (const { Properties, DeletionPolicy } of tables) {
      assert.equal(Properties['BillingMode'], 'PAY_PER_REQUEST');
      assert.deepEqual(Properties['SSESpecification'], { SSEEnabled: true, SSEType: 'KMS' });
      assert.deepEqual(Properties['KeySchema'], [{ AttributeName: 'pk', KeyType: 'HASH' }]);
      assert.equal(Properties['GlobalSecondaryIndexes'], undefined);
      const [replica] = Properties['Replicas'] as Record<string, unknown>[];
      assert.deepEqual(replica?.['PointInTimeRecoverySpecification'], { PointInTimeRecoveryEnabled: true });
      assert.equal(replica?.['DeletionProtectionEnabled'], record.retain);
      assert.equal(DeletionPolicy, policy);
    }
  });

  test(`${record.name}: sessions and clients expire by expiresAt`, () => {
    stateful.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
    });
  });

  test(`${record.name}: secrets are ${record.retain ? 'retained' : 'deleted'} with the stack`, () => {
    const secrets = resources(stateful, 'AWS::SecretsManager::Secret');
    assert.equal(secrets.length, 2);
    for (const { DeletionPolicy } of secrets) assert.equal(DeletionPolicy, policy);
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
    for (const template of [stateless, partnerApi]) {
      const functions = resources(template, 'AWS::Lambda::Function');
      assert.ok(functions.length > 0);
      const roles = new Set(functions.map(({ Properties }) => JSON.stringify(Properties['Role'])));
      const logs = new Set(functions.map(({ Properties }) => JSON.stringify(Properties['LoggingConfig'])));
      assert.equal(roles.size, functions.length);
      assert.equal(logs.size, functions.length);
      for (const { Properties } of functions) {
        assert.deepEqual(Properties['Architectures'], ['arm64']);
        assert.equal(Properties['Runtime'], 'nodejs24.x');
        assert.equal(
          (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables['STAGE'],
          record.name,
        );
      }
      for (const { Properties, DeletionPolicy } of resources(template, 'AWS::Logs::LogGroup')) {
        assert.equal(Properties['RetentionInDays'], record.logRetentionDays);
        assert.equal(DeletionPolicy, policy);
      }
    }
  });

  test(`${record.name}: no role may do anything to everything`, () => {
    const grants: string[] = [];
    for (const template of [stateless, partnerApi]) {
      for (const role of resources(template, 'AWS::IAM::Role')) {
        assert.equal(role.Properties['ManagedPolicyArns'], undefined);
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
    assert.deepEqual(grants.toSorted(), allGrants.toSorted());
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
    assert.deepEqual(authorizationOf(stateless), {
      'POST /oauth/token': ['NONE'],
      'POST /rest/v1/app/session/token': ['NONE'],
      'POST /oauth/revoke': ['NONE'],
      'POST /oauth/introspect': ['NONE'],
      'GET /.well-known/oauth-authorization-server': ['NONE'],
      'GET /.well-known/openid-configuration': ['NONE'],
      'GET /.well-known/jwks.json': ['NONE'],
    });
    assert.deepEqual(authorizationOf(partnerApi), {
      'GET /rest/v1/users/{mage_id}': ['CUSTOM'],
      'GET /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'POST /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'PUT /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'PUT /rest/v1/users/{mage_id}/keys/{application_id}': ['CUSTOM'],
      'DELETE /rest/v1/users/{mage_id}/keys': ['CUSTOM'],
      'DELETE /rest/v1/users/{mage_id}/keys/{application_id}': ['CUSTOM'],
      'POST /api/v1/marketplace/subscriptions': ['JWT', 'marketplace.order:create'],
      'GET /api/v1/marketplace/subscriptions/{externalSubscriptionId}': ['JWT', 'marketplace.order:read'],
    });
  });

  test(`${record.name}: the JWT authorizer has an issuer and an audience, and comes after what it reads`, () => {
    const [jwt] = resources(partnerApi, 'AWS::ApiGatewayV2::Authorizer').filter(
      ({ Properties }) => Properties['AuthorizerType'] === 'JWT',
    );
    const { Issuer, Audience } = jwt?.Properties['JwtConfiguration'] as {
      Issuer: object;
      Audience: object[];
    };
    assert.ok(JSON.stringify(Issuer).includes('ApiEndpoint'));
    assert.deepEqual(Audience, [Issuer]);
  });

  test(`${record.name}: the gateway throttles, and logs requests without what may be a credential`, () => {
    const [stage] = resources(stateless, 'AWS::ApiGatewayV2::Stage');
    const { rateLimit, burstLimit } = record.throttle;
    assert.deepEqual(stage?.Properties['DefaultRouteSettings'], {
      ThrottlingRateLimit: rateLimit,
      ThrottlingBurstLimit: burstLimit,
    });
    const { Format } = stage?.Properties['AccessLogSettings'] as { Format: string };
    assert.ok(!/header|query|body|claims/i.test(Format));
    assert.ok(Object.keys(JSON.parse(Format)).includes('requestId'));
  });

  test(`${record.name}: outputs tell what operators and partners need`, () => {
    for (const output of ['ClientsTable', 'SessionsTable', 'SigningKeysSecret', 'HashKeySecret']) {
      stateful.hasOutput(output, {});
    }
    for (const output of ['Url', 'Issuer']) stateless.hasOutput(output, {});
  });
}

test('the partner API is deployed after the discovery document that its authorizer reads', () => {
  for (const { stage } of built) assert.ok(stage.partnerApi.dependencies.includes(stage.stateless));
});

test('production cannot be deleted by accident', () => {
  for (const { record, stage } of built) {
    assert.equal(stage.stateful.terminationProtection ?? false, record.retain);
    assert.equal(stage.partnerApi.terminationProtection ?? false, record.retain);
  }
});

test('a stage that signs with ES256 has the Lambda authorizer everywhere', () => {
  const template = Template.fromStack(elliptic.partnerApi);
  for (const { Properties } of resources(template, 'AWS::ApiGatewayV2::Route')) {
    assert.equal(Properties['AuthorizationType'], 'CUSTOM');
  }
  template.resourceCountIs('AWS::ApiGatewayV2::Authorizer', 1);
});

test('a bundle holds the code of its own function alone', () => {
  const marks = {
    'partner-api': 'externalSubscriptionId',
    'rotate-signing-keys': 'has not made this version',
    'session-keys': 'regenerate_secret',
    'well-known': 'response_types_supported',
  };
  const bundles = readdirSync(join(outdir, 'bundles'));
  assert.deepEqual(bundles.toSorted(), readdirSync(new URL('../../lambda', import.meta.url)).toSorted());
  for (const folder of bundles) {
    assert.deepEqual(readdirSync(join(outdir, 'bundles', folder)), ['index.mjs', 'index.mjs.map']);
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
  assert.deepEqual(
    assets.map((name) => hashOf(join(outdir, name, 'index.mjs'))).toSorted(),
    bundles.toSorted(),
  );
  for (const name of assets) {
    assert.deepEqual(readdirSync(join(outdir, name)), ['index.mjs']);
    const code = readFileSync(join(outdir, name, 'index.mjs'), 'utf8');
    assert.match(code, /\n\/\/# sourceMappingURL=index\.mjs\.map\n$/);
    assert.ok(!code.includes(outdir) && !code.includes(process.cwd()), 'it names no path of this machine');
  }
});

test('cdk-nag has no finding without a reason', () => {
  const report = readFileSync(join(outdir, 'validation-report.json'), 'utf8');
  const { pluginReports } = JSON.parse(report) as {
    pluginReports: { conclusion?: string; violations: unknown[] }[];
  };
  assert.ok(pluginReports.length > 0);
  for (const { violations } of pluginReports) assert.deepEqual(violations, []);
});
