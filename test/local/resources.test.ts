import { describe, expect, test } from '@jest/globals';
import type { Json } from '../../local/template/json.ts';
import { api, changed, createStage, lambda, permission } from './stage-of-resources.ts';
import type { ResourceText } from './stage-of-resources.ts';

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

const unenforceable = {
  Effect: 'Allow',
  Action: 'dynamodb:GetItem',
  Resource: '*',
  Condition: { Bool: { 'aws:SecureTransport': 'true' } },
};

const failures: readonly [string, Record<string, ResourceText>, string, RegExp][] = [
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
      ...changed(lambda(), 'Integration', {
        ResponseParameters: {
          '401': { ResponseParameters: [{ Destination: 'overwrite:header.via', Source: 'x' }] },
        },
      }),
    },
    environment,
    /Integration: The header via is reserved/,
  ],
  [
    'a condition that is not enforced, in the policy of a function',
    { ...api, ...lambda([unenforceable]) },
    environment,
    /AWS::IAM::Policy Test-Stack-Policy: the condition operator Bool is not enforced locally/,
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

/** What the function of a stage responds with that may use everything of the local services. */
async function resultOf(resources: Record<string, ResourceText>, name: string, body: string) {
  const all = [{ Effect: 'Allow', Action: ['dynamodb:*', 'secretsmanager:*'], Resource: '*' }];
  const sdk = (client: string) => JSON.stringify(import.meta.resolve(`@aws-sdk/${client}`));
  const source = `
    import { DynamoDBClient, PutItemCommand, QueryCommand } from ${sdk('client-dynamodb')};
    import { GetSecretValueCommand, SecretsManagerClient } from ${sdk('client-secrets-manager')};
    export const handler = async () => { ${body} };`;
  const { url } = await createStage(
    {
      ...api,
      ...changed(lambda(all), 'Function', { Environment: { Variables: { NAME: { Ref: name } } } }),
      ...permission('/things/{id}'),
      ...resources,
    },
    source,
  );
  return (await fetch(`${url}/things/1`)).json();
}

describe('generated secret of a local stage', () => {
  const generated = (GenerateSecretString: Json) =>
    resultOf(
      { Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { GenerateSecretString } } },
      'Secret',
      `const { SecretString } = await new SecretsManagerClient({}).send(
         new GetSecretValueCommand({ SecretId: process.env.NAME }));
       return { SecretString };`,
    );

  test('is a member of its template', async () => {
    const { SecretString } = Object(
      await generated({
        SecretStringTemplate: '{"username":"ada"}',
        GenerateStringKey: 'password',
        PasswordLength: 5,
        RequireEachIncludedType: true,
      }),
    );
    expect(JSON.parse(SecretString)).toStrictEqual({
      username: 'ada',
      password: expect.stringMatching(/^.{5}$/),
    });
  });

  test('has the characters that are not excluded', async () => {
    const excluded = { ExcludeLowercase: true, ExcludeUppercase: true, ExcludePunctuation: true };
    const { SecretString } = Object(
      await generated({ ...excluded, ExcludeCharacters: '023456789', IncludeSpace: true }),
    );
    expect(SecretString).toMatch(/^[1 ]{32}$/);
  });
});

test('local secondary index of a local stage is queried', async () => {
  const key = (name: string, KeyType: string) => ({ AttributeName: name, KeyType });
  const table: ResourceText = {
    Type: 'AWS::DynamoDB::Table',
    Properties: {
      AttributeDefinitions: ['pk', 'sk', 'other'].map((name) => ({
        AttributeName: name,
        AttributeType: 'S',
      })),
      KeySchema: [key('pk', 'HASH'), key('sk', 'RANGE')],
      LocalSecondaryIndexes: [
        {
          IndexName: 'by-other',
          KeySchema: [key('pk', 'HASH'), key('other', 'RANGE')],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    },
  };
  const result = await resultOf(
    { Table: table },
    'Table',
    `const TableName = process.env.NAME;
     const client = new DynamoDBClient({});
     for (const [sk, other] of [['1', 'b'], ['2', 'a']]) {
       await client.send(new PutItemCommand({ TableName, Item: { pk: { S: 'p' }, sk: { S: sk }, other: { S: other } } }));
     }
     const { Items } = await client.send(new QueryCommand({
       TableName, IndexName: 'by-other', KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': { S: 'p' } },
     }));
     return { order: Items.map(({ sk }) => sk.S) };`,
  );
  expect(result).toStrictEqual({ order: ['2', '1'] });
});

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
