import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App, Validations } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { AuthStage } from '../../lib/auth-stage.ts';
import { acknowledgeServerlessFindings } from '../../lib/serverless-findings.ts';
import { stages } from '../../lib/stages.ts';
import { afterThisFile } from '../after-this-test.ts';

const outdir = mkdtempSync(join(tmpdir(), 'postern-templates-'));
afterThisFile(() => rmSync(outdir, { recursive: true }));

const cdkJson = new URL('../../cdk.json', import.meta.url);
const { context } = JSON.parse(readFileSync(cdkJson, 'utf8')) as { context: Record<string, unknown> };
// CI runs cdk synth, which applies CloudFormation's own rules, too.
const app = new App({ outdir, context, builtinCloudFormationValidation: false });
// With the example API in each, so that its templates are tested for either kind of stage.
const built = stages.map((record) => ({
  record,
  stage: new AuthStage(app, { ...record, exampleApi: true }),
}));
const [sandboxRecord] = stages;
assert.ok(sandboxRecord);
const exampleApiOf = (stage: AuthStage) => stage.exampleApi ?? assert.fail('the stage has no example API');
const cheap = new AuthStage(app, { ...sandboxRecord, id: 'Cheap', name: 'cheap', jwtAuthorizer: true });
const restoring = new AuthStage(app, {
  ...sandboxRecord,
  id: 'Restoring',
  name: 'restoring',
  cors: { origins: [] },
  restoreChallenges: true,
});
const mapped = new AuthStage(app, {
  ...sandboxRecord,
  id: 'Mapped',
  name: 'mapped',
  issuer: 'https://auth.example.com/base',
  accessTokenType: 'JWT',
  jwtAuthorizer: true,
});
acknowledgeServerlessFindings(app);
Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
app.synth();

const all = built.map(({ record, stage }) => ({
  name: record.name,
  record,
  stage,
  stateful: Template.fromStack(stage.stateful),
  stateless: Template.fromStack(stage.stateless),
  accountApi: Template.fromStack(stage.accountApi),
  exampleApi: Template.fromStack(exampleApiOf(stage)),
}));

interface Resource {
  readonly Type: string;
  readonly DependsOn?: string[];
  readonly DeletionPolicy?: string;
  readonly Properties: Record<string, unknown>;
}
const resources = (template: Template, type: string) =>
  Object.entries(template.findResources(type) as Record<string, Resource>).map(([id, resource]) => ({
    ...resource,
    id,
  }));

/** Every grant that a stage has: which function may do what with which items. */
const bySecret = (grantee: string) => [
  `${grantee}: GetItem of Clients client#*`,
  `${grantee}: PutItem of Clients secret-use#*`,
  `${grantee}: GetSecretValue of HashKey`,
];
const authenticating = (grantee: string) => [...bySecret(grantee), `${grantee}: PutItem of Sessions used#*`];
/** One BatchGetItem over both tables. */
const ofTokenOrigins = (grantee: string) =>
  ['Clients', 'Sessions'].map(
    (table) => `${grantee}: BatchGetItem of ${table} client#* account#* key-set session#* revoked#*`,
  );
const tokenAuthorizer = [
  'TokenAuthorizerFunction: GetItem of Clients key-set',
  ...ofTokenOrigins('TokenAuthorizerFunction'),
  'TokenAuthorizerFunction: GetItem of Sessions session#* revoked#*',
  'TokenAuthorizerFunction: PutItem of Sessions used#*',
  'TokenAuthorizerFunction: GetSecretValue of HashKey',
];
const allGrants = [
  ...authenticating('Token'),
  'Token: GetItem of Clients client#* key-set',
  'Token: BatchGetItem of Clients client#* key-set revoked#*',
  'Token: BatchGetItem of Sessions client#* key-set revoked#*',
  'Token: GetSecretValue of SigningKeys',
  ...bySecret('SessionToken'),
  'SessionToken: GetItem of Clients account#*',
  'SessionToken: PutItem of Sessions session#*',
  ...authenticating('Revoke'),
  'Revoke: GetItem of Clients key-set',
  'Revoke: DeleteItem GetItem of Sessions session#*',
  'Revoke: PutItem of Sessions revoked#*',
  ...authenticating('Introspect'),
  'Introspect: GetItem of Clients key-set',
  ...ofTokenOrigins('Introspect'),
  'Introspect: GetItem of Sessions session#* revoked#*',
  'Introspect: GetSecretValue of SigningKeys',
  'WellKnown: GetItem of Clients key-set',
  'SigningKeyRotationFunction: DescribeSecret GetSecretValue PutSecretValue UpdateSecretVersionStage of SigningKeys',
  'SigningKeyRotationFunction: PutItem of Clients key-set',
  'ExampleApi: GetItem PutItem of Subscriptions subscription#*',
  'AccountProfile: GetItem of Clients account#*',
  'SessionKeys: GetItem of Clients account#* client#*',
  'SessionKeys: DeleteItem PutItem of Clients client#*',
  'SessionKeys: PutItem of Clients subject#*',
  'SessionKeys: UpdateItem of Clients account#*',
  'SessionKeys: GetSecretValue of HashKey',
  // That of the account endpoints, and that of the example API
  ...tokenAuthorizer,
  ...tokenAuthorizer,
];

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: Record<string, Record<string, string[]>>;
}
const statementsOf = ({ Properties }: Resource) =>
  (Properties['PolicyDocument'] as { Statement: Statement[] }).Statement;

/** The grants of one policy, in the form of `allGrants`; permission to write logs is left out. */
const grantsOf = (policy: Resource) =>
  statementsOf(policy).flatMap(({ Action, Resource, Condition }) => {
    const actions = [Action].flat();
    if (actions.some((action) => action.startsWith('logs:'))) return [];
    const prefixes = Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] ?? [];
    const grantee = String(policy.Properties['PolicyName']).replace(/(Role)?(Default)?Policy.*/, '');
    const what = actions
      .map((action) => action.replace(/^\w+:/, ''))
      .toSorted()
      .join(' ');
    return [Resource].flat().map((resource) => {
      const on = /(Clients|Sessions|Subscriptions|SigningKeys|HashKey)/.exec(JSON.stringify(resource))?.[1];
      return [`${grantee}: ${what} of ${on}`, ...prefixes].join(' ');
    });
  });

describe.each(all)('stage $name', ({ record, stage, stateful, stateless, accountApi, exampleApi }) => {
  const tablePolicy = record.retain ? 'Retain' : 'Delete';
  const policy = record.retain ? 'RetainExceptOnCreate' : 'Delete';
  const withFunctions = { Stateless: stateless, AccountApi: accountApi, ExampleApi: exampleApi };
  const inEach = (type: string) =>
    Object.values(withFunctions).flatMap((template) => resources(template, type));

  describe('tables', () => {
    const tables = [
      ...resources(stateful, 'AWS::DynamoDB::GlobalTable'),
      ...resources(exampleApi, 'AWS::DynamoDB::GlobalTable'),
    ];

    test('are three', () => {
      expect(tables.length).toBe(3);
    });

    test.each(tables)(
      '$id is on demand, encrypted and restorable to a point in time',
      ({ Properties, DeletionPolicy }) => {
        expect(Properties['BillingMode']).toBe('PAY_PER_REQUEST');
        expect(Properties['SSESpecification']).toStrictEqual({ SSEEnabled: true, SSEType: 'KMS' });
        expect(Properties['KeySchema']).toStrictEqual([{ AttributeName: 'pk', KeyType: 'HASH' }]);
        expect(Properties['GlobalSecondaryIndexes']).toBeUndefined();
        const [replica] = Properties['Replicas'] as Record<string, unknown>[];
        expect(replica?.['PointInTimeRecoverySpecification']).toStrictEqual({
          PointInTimeRecoveryEnabled: true,
        });
        expect(replica?.['DeletionProtectionEnabled']).toBe(record.retain);
        expect(DeletionPolicy).toBe(tablePolicy);
      },
    );

    test('of sessions and clients expire items by expiresAt', () => {
      stateful.allResourcesProperties('AWS::DynamoDB::GlobalTable', {
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      });
    });
  });

  describe('secrets', () => {
    const secrets = resources(stateful, 'AWS::SecretsManager::Secret');

    test('are two', () => {
      expect(secrets.length).toBe(2);
    });

    test.each(secrets)(`$id is ${record.retain ? 'retained' : 'deleted'} with the stack`, (secret) => {
      expect(secret.DeletionPolicy).toBe(policy);
    });

    test('begin as an empty object, always the same one', () => {
      // A change of this string would overwrite the keys of every stage that is deployed.
      stateful.hasResourceProperties('AWS::SecretsManager::Secret', { SecretString: '{}' });
    });
  });

  test('rotates the signing keys on schedule, and at once when the schedule is created', () => {
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

  describe.each(Object.entries(withFunctions))('functions of %s', (_stack, template) => {
    const functions = resources(template, 'AWS::Lambda::Function');

    test.each(['Role', 'LoggingConfig'])('have a %s of their own', (property) => {
      expect(functions.length).toBeGreaterThan(0);
      const values = new Set(functions.map(({ Properties }) => JSON.stringify(Properties[property])));
      expect(values.size).toBe(functions.length);
    });

    test.each(functions)('$id is arm64, Node.js 24, and knows its stage', ({ Properties }) => {
      expect(Properties['Architectures']).toStrictEqual(['arm64']);
      expect(Properties['Runtime']).toBe('nodejs24.x');
      expect((Properties['Environment'] as { Variables: Record<string, unknown> }).Variables['STAGE']).toBe(
        record.name,
      );
    });
  });

  test.each(['Token', 'SessionToken', 'Revoke', 'Introspect'])(
    'function %s knows what the stage requires of client assertions',
    (name) => {
      const found = resources(stateless, 'AWS::Lambda::Function').filter(({ id }) =>
        new RegExp(`^${name}[0-9A-F]{8}$`).test(id),
      );
      expect(found.map(({ Properties }) => Properties['Environment'])).toMatchObject([
        { Variables: { CLIENT_ASSERTIONS: JSON.stringify(record.clientAssertions) } },
      ]);
    },
  );

  test.each(inEach('AWS::Logs::LogGroup'))(
    'log group $id has the retention of the stage',
    ({ Properties, DeletionPolicy }) => {
      expect(Properties['RetentionInDays']).toBe(record.logRetentionDays);
      expect(DeletionPolicy).toBe(policy);
    },
  );

  test.each(inEach('AWS::IAM::Role'))('role $id has no managed policy', ({ Properties }) => {
    expect(Properties['ManagedPolicyArns']).toBeUndefined();
  });

  test.each(inEach('AWS::IAM::Policy'))('policy $id has no wildcard', (one) => {
    const allowed = statementsOf(one).map(({ Action, Resource }) => [Action, Resource]);
    expect(JSON.stringify(allowed)).not.toContain('*');
  });

  test('grants exactly what the functions need', () => {
    expect(inEach('AWS::IAM::Policy').flatMap(grantsOf).toSorted()).toStrictEqual(allGrants.toSorted());
  });

  test.each([
    [
      'Stateless',
      stateless,
      {
        'POST /oauth/token': ['NONE'],
        'POST /rest/v1/app/session/token': ['NONE'],
        'POST /oauth/revoke': ['NONE'],
        'POST /oauth/introspect': ['NONE'],
        'GET /.well-known/oauth-authorization-server': ['NONE'],
        'GET /.well-known/openid-configuration': ['NONE'],
        'GET /.well-known/jwks.json': ['NONE'],
        'HEAD /.well-known/oauth-authorization-server': ['NONE'],
        'HEAD /.well-known/openid-configuration': ['NONE'],
        'HEAD /.well-known/jwks.json': ['NONE'],
      },
    ],
    [
      'AccountApi',
      accountApi,
      {
        'GET /rest/v1/users/{mage_id}': ['CUSTOM'],
        'GET /rest/v1/users/{mage_id}/access-keys': ['CUSTOM'],
        'HEAD /rest/v1/users/{mage_id}': ['CUSTOM'],
        'HEAD /rest/v1/users/{mage_id}/access-keys': ['CUSTOM'],
        'POST /rest/v1/users/{mage_id}/access-keys': ['CUSTOM'],
        'PUT /rest/v1/users/{mage_id}/access-keys': ['CUSTOM'],
        'PUT /rest/v1/users/{mage_id}/access-keys/{application_id}': ['CUSTOM'],
        'DELETE /rest/v1/users/{mage_id}/access-keys': ['CUSTOM'],
        'DELETE /rest/v1/users/{mage_id}/access-keys/{application_id}': ['CUSTOM'],
      },
    ],
    [
      'ExampleApi',
      exampleApi,
      {
        'POST /api/v1/marketplace/subscriptions': ['CUSTOM'],
        'GET /api/v1/marketplace/subscriptions/{externalSubscriptionId}': ['CUSTOM'],
        'HEAD /api/v1/marketplace/subscriptions/{externalSubscriptionId}': ['CUSTOM'],
      },
    ],
  ])('%s has the routes of the contracts, each with its authorization', (_stack, template, routes) => {
    const authorization = resources(template, 'AWS::ApiGatewayV2::Route').map(({ Properties }) => [
      Properties['RouteKey'],
      [
        Properties['AuthorizationType'],
        ...((Properties['AuthorizationScopes'] as string[] | undefined) ?? []),
      ],
    ]);
    expect(Object.fromEntries(authorization)).toStrictEqual(routes);
  });

  test('requires the scope of each route of the example API', () => {
    const [{ Properties } = assert.fail()] = resources(exampleApi, 'AWS::Lambda::Function').filter(({ id }) =>
      id.startsWith('TokenAuthorizer'),
    );
    const { Variables } = Properties['Environment'] as { Variables: Record<string, string> };
    const path = '/api/v1/marketplace/subscriptions';
    expect(JSON.parse(Variables['ROUTE_SCOPES'] ?? '')).toStrictEqual({
      [`POST ${path}`]: 'marketplace.order:create',
      [`GET ${path}/{externalSubscriptionId}`]: 'marketplace.order:read',
      [`HEAD ${path}/{externalSubscriptionId}`]: 'marketplace.order:read',
    });
  });

  test('does not announce a JWT authorizer, because it has none', () => {
    expect(Object.keys(stateless.findOutputs('*'))).not.toContain('JwtAuthorizer');
    exampleApi.resourcePropertiesCountIs('AWS::ApiGatewayV2::Authorizer', { AuthorizerType: 'JWT' }, 0);
  });

  test('serves pages of any origin, without credentials', () => {
    const [api] = resources(stateless, 'AWS::ApiGatewayV2::Api');
    expect(api?.Properties['CorsConfiguration']).toStrictEqual({
      AllowOrigins: ['*'],
      AllowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'],
      AllowHeaders: ['authorization', 'content-type', 'dpop'],
      ExposeHeaders: [
        'dpop-nonce',
        'www-authenticate',
        'x-amzn-remapped-www-authenticate',
        'retry-after',
        'accept',
        'accept-encoding',
        'x-ratelimit-limit',
        'x-ratelimit-interval',
        'x-ratelimit-remaining',
      ],
      MaxAge: 7_200,
    });
  });

  test.each(inEach('AWS::ApiGatewayV2::Integration'))('maps no response of $id', ({ Properties }) => {
    expect(Properties['ResponseParameters']).toBeUndefined();
  });

  test('throttles at the gateway', () => {
    const [gateway] = resources(stateless, 'AWS::ApiGatewayV2::Stage');
    const { rateLimit, burstLimit } = record.throttles.default;
    expect(gateway?.Properties['DefaultRouteSettings']).toStrictEqual({
      ThrottlingRateLimit: rateLimit,
      ThrottlingBurstLimit: burstLimit,
    });
  });

  test('logs requests at the gateway without anything that may be a credential', () => {
    const [gateway] = resources(stateless, 'AWS::ApiGatewayV2::Stage');
    const { Format } = gateway?.Properties['AccessLogSettings'] as { Format: string };
    expect(Format.replace('$context.authorizer.claims.client_id', '')).not.toMatch(
      /header|query|body|claims/i,
    );
    expect(Object.keys(JSON.parse(Format))).toContain('requestId');
  });

  test('logs of the authorizer at the gateway only what the authorizers state', () => {
    const [gateway] = resources(stateless, 'AWS::ApiGatewayV2::Stage');
    const { Format } = gateway?.Properties['AccessLogSettings'] as { Format: string };
    const members = [...Format.matchAll(/\$context\.authorizer\.(?:claims\.)?(\w+)/g)].map(
      ([, name]) => name,
    );
    // callerContext and denialContext of src/http, and the claims of an access token (RFC 9068 §2.2)
    expect(members).toStrictEqual(['client_id', 'client_id', 'error']);
  });

  test.each([
    ['ClientsTable', stateful],
    ['SessionsTable', stateful],
    ['SigningKeysSecret', stateful],
    ['HashKeySecret', stateful],
    ['Url', stateless],
    ['Issuer', stateless],
  ])('has the output %s', (output, template) => {
    template.hasOutput(output, {});
  });

  test.each([
    ['MaximumAccessTokenLifetime', record.tokens.maximumAccessTokenLifetime],
    ['MaximumSessionLifetime', record.tokens.sessionLifetime.maximum],
  ])('has the output %s, which the command line compares lifetimes with', (output, seconds) => {
    stateful.hasOutput(output, { Value: String(seconds) });
  });

  test('deploys the example API after the discovery document that its authorizer reads', () => {
    expect(exampleApiOf(stage).dependencies).toContain(stage.stateless);
  });

  test.each(['stateful', 'stateless', 'accountApi', 'exampleApi'] as const)(
    `${record.retain ? 'protects' : 'does not protect'} the stack %s from deletion`,
    (stack) => {
      expect(stage[stack]?.terminationProtection ?? false).toBe(record.retain);
    },
  );
});

describe('stage whose example API is behind the JWT authorizer', () => {
  const template = Template.fromStack(exampleApiOf(cheap));

  test.each([
    ['POST /api/v1/marketplace/subscriptions', 'marketplace.order:create'],
    ['GET /api/v1/marketplace/subscriptions/{externalSubscriptionId}', 'marketplace.order:read'],
    ['HEAD /api/v1/marketplace/subscriptions/{externalSubscriptionId}', 'marketplace.order:read'],
  ])('requires a JWT at %s with the scope %s', (RouteKey, scope) => {
    template.hasResourceProperties('AWS::ApiGatewayV2::Route', {
      RouteKey,
      AuthorizationType: 'JWT',
      AuthorizationScopes: [scope],
    });
  });

  test('has one authorizer, whose audience is its issuer, the URL of the API', () => {
    const [{ Properties } = assert.fail(), ...others] = resources(template, 'AWS::ApiGatewayV2::Authorizer');
    expect(others).toStrictEqual([]);
    const { Issuer, Audience } = Properties['JwtConfiguration'] as { Issuer: object; Audience: object[] };
    expect(JSON.stringify(Issuer)).toContain('ApiEndpoint');
    expect(Audience).toStrictEqual([Issuer]);
  });

  test('announces it in an output, for the command line', () => {
    Template.fromStack(cheap.stateless).hasOutput('JwtAuthorizer', { Value: 'true' });
  });

  test('does not synthesize if it signs with an algorithm that API Gateway cannot verify', () => {
    const record = { ...sandboxRecord, jwtAuthorizer: true, signingAlgorithm: 'ES256' } as const;
    expect(() => new AuthStage(new App({ outdir: join(outdir, 'ES256') }), record)).toThrow(
      "sandbox: API Gateway's JWT authorizer cannot verify ES256",
    );
  });
});

describe('stage that restores challenges, and serves no pages', () => {
  const templates = [restoring.stateless, restoring.accountApi, exampleApiOf(restoring)].map((stack) =>
    Template.fromStack(stack),
  );
  const integrations = templates.flatMap((template) => resources(template, 'AWS::ApiGatewayV2::Integration'));
  const functions = templates.flatMap((template) => resources(template, 'AWS::Lambda::Function'));

  test.each(integrations)('maps the challenges of $id', ({ Properties }) => {
    const restored = {
      ResponseParameters: [
        {
          Destination: 'overwrite:header.www-authenticate',
          Source: '$response.header.postern-challenge',
        },
      ],
    };
    expect(Properties['ResponseParameters']).toStrictEqual({ 401: restored, 403: restored });
  });

  test('tells each function of an endpoint that is not public to repeat its challenge', () => {
    const repeating = functions.filter(({ Properties }) => {
      const { Variables } = Properties['Environment'] as { Variables: Record<string, unknown> };
      return Variables['RESTORE_CHALLENGES'] === 'true';
    });
    expect(repeating.map(({ id }) => id.replace(/[\dA-F]{8}$/, '')).toSorted()).toStrictEqual([
      'AccountProfile',
      'ExampleApi',
      'Introspect',
      'Revoke',
      'SessionKeys',
      'SessionToken',
      'Token',
    ]);
  });

  test('has no CORS configuration', () => {
    const [api] = resources(Template.fromStack(restoring.stateless), 'AWS::ApiGatewayV2::Api');
    expect(api?.Properties['CorsConfiguration']).toBeUndefined();
  });
});

describe('stage record with a policy of client assertions that is not valid', () => {
  test('does not synthesize, and names the member', () => {
    const clientAssertions = {
      ...sandboxRecord.clientAssertions,
      maximumLifetime: { default: 0, fapi: 300 },
    };
    expect(() => new AuthStage(new App(), { ...sandboxRecord, clientAssertions })).toThrow(
      /sandbox is not valid: clientAssertions\.maximumLifetime\.default: /,
    );
  });
});

describe('stage record with an origin of pages that is none', () => {
  test.each(['https://shop.example.com/', 'shop.example.com', 'https://*.example.com', 'null', 'file://*'])(
    'does not synthesize: %s',
    (origin) => {
      expect(
        () =>
          new AuthStage(new App(), { ...sandboxRecord, cors: { origins: ['https://a.example', origin] } }),
      ).toThrow(/sandbox: cors\.origins must be .*, and .* is not/);
    },
  );
});

describe('stage with a public URL', () => {
  const functions = [mapped.stateless, mapped.accountApi].flatMap((stack) =>
    resources(Template.fromStack(stack), 'AWS::Lambda::Function').map(({ id, Properties }) => ({
      id,
      variables: (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables,
    })),
  );

  test.each(functions.filter(({ variables }) => 'ISSUER' in variables))(
    'gives its issuer to $id',
    ({ variables }) => {
      expect(variables['ISSUER']).toBe('https://auth.example.com/base');
    },
  );

  test.each(functions.filter(({ variables }) => 'AUDIENCE' in variables))(
    'gives its audience and the typ of its access tokens to $id',
    ({ variables }) => {
      expect(variables['AUDIENCE']).toBe('https://auth.example.com/base');
      expect(variables['ACCESS_TOKEN_TYPE']).toBe('JWT');
    },
  );

  test('has its issuer in the JWT authorizer and in the outputs', () => {
    Template.fromStack(exampleApiOf(mapped)).hasResourceProperties('AWS::ApiGatewayV2::Authorizer', {
      JwtConfiguration: {
        Issuer: 'https://auth.example.com/base',
        Audience: ['https://auth.example.com/base'],
      },
    });
    Template.fromStack(mapped.stateless).hasOutput('Issuer', { Value: 'https://auth.example.com/base' });
  });

  test('does not synthesize with an issuer that is no https URL', () => {
    const record = { ...sandboxRecord, id: 'Wrong', issuer: 'http://auth.example.com' };
    expect(() => new AuthStage(new App(), record)).toThrow('the issuer must be an https URL');
  });
});

describe('bundles', () => {
  const marks = {
    'example-api': 'externalSubscriptionId',
    'rotate-signing-keys': 'has not created this version',
    'session-keys': 'regenerate_secret',
    'well-known': 'response_types_supported',
  };
  const bundles = readdirSync(join(outdir, 'bundles'));

  test('are one for each function', () => {
    expect(bundles.toSorted()).toStrictEqual(
      readdirSync(new URL('../../lambda', import.meta.url)).toSorted(),
    );
  });

  describe.each(bundles)('%s', (folder) => {
    test('has no credential provider of laptops, servers and containers', () => {
      const bundle = readFileSync(join(outdir, 'bundles', folder, 'index.mjs'), 'utf8');
      // Not the bundle itself, which would be hundreds of kilobytes of a failure's message.
      const providers = ['AssumeRoleWithWebIdentity', 'GetRoleCredentials', 'fromInstanceMetadata'];
      expect(providers.filter((mark) => bundle.includes(mark))).toStrictEqual([]);
    });

    test('is a module and its source map', () => {
      expect(readdirSync(join(outdir, 'bundles', folder))).toStrictEqual(['index.mjs', 'index.mjs.map']);
    });

    test.each(Object.entries(marks))('has the code of %s only if it is its own', (owner, mark) => {
      const bundle = readFileSync(join(outdir, 'bundles', folder, 'index.mjs'), 'utf8');
      expect(bundle.includes(mark)).toBe(owner === folder);
    });
  });
});

describe('assets', () => {
  const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
  const assets = readdirSync(outdir).filter((name) => name.startsWith('asset.'));

  test('have the same modules as the bundles', () => {
    const bundles = readdirSync(join(outdir, 'bundles')).map((folder) =>
      hashOf(join(outdir, 'bundles', folder, 'index.mjs')),
    );
    expect(assets.map((name) => hashOf(join(outdir, name, 'index.mjs'))).toSorted()).toStrictEqual(
      bundles.toSorted(),
    );
  });

  describe.each(assets)('%s', (name) => {
    test('has no source map', () => {
      expect(readdirSync(join(outdir, name))).toStrictEqual(['index.mjs']);
    });

    test('names its source map, and no path of this machine', () => {
      const code = readFileSync(join(outdir, name, 'index.mjs'), 'utf8');
      expect(code).toMatch(/\n\/\/# sourceMappingURL=index\.mjs\.map\n$/);
      expect(code.includes(outdir)).toBe(false);
      expect(code.includes(process.cwd())).toBe(false);
    });
  });
});

describe('cdk-nag', () => {
  const report = readFileSync(join(outdir, 'validation-report.json'), 'utf8');
  const { pluginReports } = JSON.parse(report) as {
    pluginReports: {
      pluginName: string;
      violations: unknown[];
      suppressedViolations?: { ruleName: string; reason: string }[];
    }[];
  };

  test('applies the rules for solutions and those for serverless applications', () => {
    expect(pluginReports.map(({ pluginName }) => pluginName)).toStrictEqual(['AwsSolutions', 'Serverless']);
  });

  test('accepts these findings, each with a reason', () => {
    const accepted = pluginReports.flatMap(({ suppressedViolations = [] }) => suppressedViolations);
    expect([...new Set(accepted.map(({ ruleName }) => ruleName))].toSorted()).toStrictEqual([
      'AwsSolutions-APIG4',
      'AwsSolutions-SMG4',
      'Serverless-EventBusDLQ',
      'Serverless-LambdaDLQ',
      'Serverless-LambdaTracing',
    ]);
    expect(accepted.filter(({ reason }) => reason.length < 20)).toStrictEqual([]);
  });

  test('reports no violation without a reason', () => {
    expect(pluginReports.flatMap(({ violations }) => violations)).toStrictEqual([]);
  });
});

describe('record of a stage', () => {
  const { tokens } = sandboxRecord;
  const session = (changes: Partial<typeof tokens.sessionLifetime>) => ({
    sessionLifetime: { ...tokens.sessionLifetime, ...changes },
  });
  const accessToken = (changes: Partial<typeof tokens.accessTokenLifetime>) => ({
    accessTokenLifetime: { ...tokens.accessTokenLifetime, ...changes },
  });

  test.each<[string, Partial<typeof tokens>, string]>([
    [
      'a lifetime of integrations above the maximum',
      accessToken({ integration: 14_401 }),
      'tokens.accessTokenLifetime.integration is 14401 s, above maximumAccessTokenLifetime, which is 14400 s',
    ],
    [
      'a lifetime of sales channels above the maximum',
      accessToken({ sales_channel: 14_401 }),
      'tokens.accessTokenLifetime.sales_channel is 14401 s, above maximumAccessTokenLifetime, which is 14400 s',
    ],
    [
      'a lifetime of sessions above the maximum',
      session({ default: 7_201 }),
      'tokens.sessionLifetime.default is 7201 s, above sessionLifetime.maximum, which is 7200 s',
    ],
    [
      'a maximum below both lifetimes of access tokens',
      { maximumAccessTokenLifetime: 60 },
      'integration is 7200 s, above maximumAccessTokenLifetime, which is 60 s; tokens.accessTokenLifetime.sales_channel is 14400 s',
    ],
    [
      'a lifetime of 0 s',
      session({ default: 0 }),
      'tokens.sessionLifetime.default: Invalid value: Expected >=1',
    ],
  ])('does not synthesize with %s', (_, changes, message) => {
    const record = { ...sandboxRecord, id: 'Wrong', name: 'wrong', tokens: { ...tokens, ...changes } };
    const synthesize = () => new AuthStage(new App({ outdir, context }), record);
    expect(synthesize).toThrow(message);
    expect(synthesize).toThrow(/^The record of the stage wrong is not valid: tokens\./);
  });

  test('may have lifetimes that equal their maximum', () => {
    const changes = { ...accessToken({ integration: 14_400 }), ...session({ default: 7_200 }) };
    const record = { ...sandboxRecord, id: 'Right', name: 'right', tokens: { ...tokens, ...changes } };
    expect(() => new AuthStage(new App({ outdir, context }), record)).not.toThrow();
  });
});
