import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { ServerParameters } from '../../lib/constructs/deployed-server.ts';
import {
  anyToken,
  AuthorizationServer,
  DeployedAuthorizationServer,
  LambdaAuthorizer,
  stages,
} from '../../lib/index.ts';
import { afterThisFile } from '../after-this-test.ts';

const outdir = mkdtempSync(join(tmpdir(), 'postern-server-'));
afterThisFile(() => rmSync(outdir, { recursive: true }));

const [settings] = stages;
assert.ok(settings);
const env = { account: '111122223333', region: 'eu-west-1' };
const arnOf = (service: string, name: string) => `arn:aws:${service}:${env.region}:${env.account}:${name}`;

/** A platform team's own stack: its API, a table and secrets that it has already, and a table of its own. */
const stack = new Stack(new App({ outdir, builtinCloudFormationValidation: false }), 'Own', { env });
const api = new HttpApi(stack, 'OwnApi');
const server = new AuthorizationServer(stack, 'Server', {
  settings: { ...settings, issuer: 'https://auth.example.com' },
  api,
  storage: {
    clients: Table.fromTableArn(stack, 'Clients', arnOf('dynamodb', 'table/own-clients')),
    sessions: new Table(stack, 'Sessions', { partitionKey: { name: 'pk', type: AttributeType.STRING } }),
    signingKeys: Secret.fromSecretCompleteArn(stack, 'Keys', arnOf('secretsmanager', 'secret:keys-AbCdEf')),
    hashKey: Secret.fromSecretCompleteArn(stack, 'HashKey', arnOf('secretsmanager', 'secret:hash-AbCdEf')),
  },
});
const authorizer = new LambdaAuthorizer(stack, 'Tokens', { server, scopes: { 'GET /orders': anyToken } });
new HttpRoute(stack, 'Orders', {
  httpApi: api,
  routeKey: HttpRouteKey.with('/orders', HttpMethod.GET),
  integration: new HttpUrlIntegration('Orders', 'https://orders.example.com'),
  authorizer,
});
/** Another stack of the account, which knows nothing but the id of the stage. */
const consumer = new Stack(stack.node.root, 'Consumer', { env });
const deployed = new DeployedAuthorizationServer(consumer, 'Server', { stage: 'Postern-Production' });
const consumerApi = new HttpApi(consumer, 'Api');
new HttpRoute(consumer, 'Orders', {
  httpApi: consumerApi,
  routeKey: HttpRouteKey.with('/orders', HttpMethod.GET),
  integration: new HttpUrlIntegration('Orders', 'https://orders.example.com'),
  authorizer: new LambdaAuthorizer(consumer, 'Tokens', {
    server: deployed,
    scopes: { 'GET /orders': 'orders:read' },
  }),
});
/** The stage itself, which publishes what the other stack reads. */
const stage = new Stack(stack.node.root, 'Stage', { env });
new ServerParameters(stage, 'Parameters', { server, stageId: 'Postern-Production' });

const template = Template.fromStack(stack);

describe("authorization server in a team's own stack", () => {
  test("adds its routes to the team's API", () => {
    const routes = Object.values(template.findResources('AWS::ApiGatewayV2::Route'));
    const keys = routes.map(({ Properties }) => String(Properties.RouteKey));
    expect(keys).toContain('POST /oauth/token');
    expect(keys).toContain('GET /orders');
    template.resourceCountIs('AWS::ApiGatewayV2::Api', 1);
  });

  test('creates neither a stage nor a domain of the API', () => {
    // The API of the team has its own stage.
    template.resourceCountIs('AWS::ApiGatewayV2::Stage', 1);
    template.resourceCountIs('AWS::ApiGatewayV2::DomainName', 0);
  });

  test('uses the tables and the secrets that it is given', () => {
    template.hasResourceProperties('AWS::Lambda::Function', {
      Description: 'POST /oauth/token',
      Environment: {
        Variables: Match.objectLike({
          ISSUER: 'https://auth.example.com',
          CLIENTS_TABLE: 'own-clients',
          SIGNING_KEYS_SECRET: arnOf('secretsmanager', 'secret:keys-AbCdEf'),
        }),
      },
    });
    template.resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  test('grants its functions the items of the imported table', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: 'dynamodb:GetItem',
            Resource: arnOf('dynamodb', 'table/own-clients'),
          }),
        ]),
      },
    });
  });
});

describe('authorization server of a stage that another stack deploys', () => {
  const { Parameters } = Template.fromStack(consumer).toJSON() as {
    Parameters: Record<string, { Type: string; Default: string }>;
  };
  const read = Object.values(Parameters).filter(
    ({ Type, Default }) =>
      Type === 'AWS::SSM::Parameter::Value<String>' && !Default.startsWith('/cdk-bootstrap/'),
  );

  test('is read from the SSM parameters that the stage writes, all of them', () => {
    const written = Object.values(Template.fromStack(stage).findResources('AWS::SSM::Parameter')).map(
      ({ Properties }) => String(Properties.Name),
    );
    expect(read.map(({ Default }) => Default).toSorted()).toStrictEqual(written.toSorted());
    expect(written).toContain('/Postern-Production/issuer');
  });

  test('writes no secret', () => {
    const values = Object.values(Template.fromStack(stage).findResources('AWS::SSM::Parameter')).map(
      ({ Properties }) => JSON.stringify(Properties.Value),
    );
    expect(values.length).toBe(read.length);
    expect(values.filter((value) => /resolve:secretsmanager|SecretString/.test(value))).toStrictEqual([]);
  });

  test('gives an authorizer the environment and the grants that one of the stage itself has', () => {
    const authorizers = [stack, consumer].map((one) => {
      const { Environment } = Object.values(
        Template.fromStack(one).findResources('AWS::Lambda::Function'),
      ).find(({ Properties }) => String(Properties.Description).startsWith('Authorizes callers'))?.[
        'Properties'
      ] as { Environment: { Variables: object } };
      return Object.keys(Environment.Variables).toSorted();
    });
    expect(authorizers[1]).toStrictEqual(authorizers[0]);
    Template.fromStack(consumer).hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Action: 'secretsmanager:GetSecretValue', Resource: { Ref: Match.anyValue() } }),
        ]),
      },
    });
  });
});
