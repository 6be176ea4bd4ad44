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
import { anyToken, AuthorizationServer, LambdaAuthorizer, stages } from '../../lib/index.ts';
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
