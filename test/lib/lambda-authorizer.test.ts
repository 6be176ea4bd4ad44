import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { App, Stack, Stage } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HttpApi, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AuthStage } from '../../lib/auth-stage.ts';
import { anyToken, LambdaAuthorizer } from '../../lib/constructs/lambda-authorizer.ts';
import { stages } from '../../lib/stages.ts';
import { afterThisFile } from '../after-this-test.ts';

const outdir = mkdtempSync(join(tmpdir(), 'postern-authorizer-'));
afterThisFile(() => rmSync(outdir, { recursive: true }));

const [record] = stages;
assert.ok(record);
const appIn = (folder: string) =>
  new App({ outdir: join(outdir, folder), builtinCloudFormationValidation: false });

type Scopes = ConstructorParameters<typeof LambdaAuthorizer>[2]['scopes'];

/** A platform team's own stack, with routes as the README shows them. */
function ownStack(stage: AuthStage, routeKeys: readonly string[], scopes: Scopes) {
  const stack = new Stack(stage, `Own${stage.node.children.length}`);
  const { server } = stage;
  const httpApi = HttpApi.fromHttpApiAttributes(stack, 'Api', { httpApiId: server.api.apiId });
  const authorizer = new LambdaAuthorizer(stack, 'Tokens', { server, scopes });
  const integration = new HttpUrlIntegration('Orders', 'https://orders.example.com');
  for (const key of routeKeys) {
    const [method, path = ''] = key.split(' ');
    const routeKey =
      key === '$default' ? HttpRouteKey.DEFAULT : HttpRouteKey.with(path, method as HttpMethod);
    new HttpRoute(stack, key.replaceAll('/', '-'), { httpApi, routeKey, integration, authorizer });
  }
  return stack;
}

function authorizerOf(stack: Stack) {
  const template = Template.fromStack(stack);
  const [authorizer] = Object.values(template.findResources('AWS::ApiGatewayV2::Authorizer'));
  const [authorizerFunction] = Object.values(template.findResources('AWS::Lambda::Function'));
  const { Variables } = authorizerFunction?.['Properties']?.Environment as {
    Variables: Record<string, string>;
  };
  return { properties: authorizer?.['Properties'] as Record<string, unknown>, variables: Variables };
}

const app = appIn('valid');
const stage = new AuthStage(app, record);
const cachingStage = new AuthStage(app, { ...record, id: 'Caching', authorizerCacheSeconds: 60 });
const orders = ownStack(stage, ['GET /orders'], { 'GET /orders': 'orders:read' });

describe('Lambda authorizer', () => {
  test('denies at the gateway unless it is told otherwise', () => {
    const { properties, variables } = authorizerOf(orders);
    expect(variables['DENIALS']).toBe('gateway');
    expect(variables['AUTHORIZER_RESULTS_CACHED']).toBe('false');
    expect(properties['AuthorizerResultTtlInSeconds']).toBe(0);
    expect(properties['EnableSimpleResponses']).toBe(true);
  });

  test('has cached results only for the same route, and is told to refuse bound tokens', () => {
    const cached = ownStack(cachingStage, ['GET /orders'], { 'GET /orders': 'orders:read' });
    const { properties, variables } = authorizerOf(cached);
    expect(properties['AuthorizerResultTtlInSeconds']).toBe(60);
    expect(properties['IdentitySource']).toStrictEqual([
      '$request.header.Authorization',
      '$context.routeKey',
    ]);
    expect(variables['AUTHORIZER_RESULTS_CACHED']).toBe('true');
  });
});

describe('scopes of the Lambda authorizer', () => {
  // All stacks of an app must exist before the first is synthesized.
  const required: [string, Stack, Record<string, string | null>][] = [
    ['the route that a key names', orders, { 'GET /orders': 'orders:read', 'HEAD /orders': 'orders:read' }],
    [
      'the HEAD route of a path, as its GET route does',
      ownStack(stage, ['GET /orders', 'HEAD /orders'], { 'GET /orders': 'orders:read' }),
      { 'GET /orders': 'orders:read', 'HEAD /orders': 'orders:read' },
    ],
    [
      'a HEAD route that is named itself',
      ownStack(stage, ['GET /orders', 'HEAD /orders'], {
        'GET /orders': 'orders:read',
        'HEAD /orders': anyToken,
      }),
      { 'GET /orders': 'orders:read', 'HEAD /orders': null },
    ],
    [
      'a route that accepts any token',
      ownStack(stage, ['POST /profile'], { 'POST /profile': anyToken }),
      { 'POST /profile': null },
    ],
    [
      'a route of every method, and the default route',
      ownStack(stage, ['ANY /{proxy+}', '$default'], { 'ANY /{proxy+}': 'orders:read', $default: 'admin' }),
      { 'ANY /{proxy+}': 'orders:read', $default: 'admin' },
    ],
  ];

  test.each(required)('state what is required of %s', (_, stack, scopes) => {
    expect(JSON.parse(String(authorizerOf(stack).variables['ROUTE_SCOPES']))).toStrictEqual(scopes);
  });

  const invalid = new AuthStage(appIn('invalid'), record);
  const problems: [string, Stack, RegExp][] = [
    [
      'a route that is forgotten',
      ownStack(invalid, ['GET /orders', 'POST /orders'], { 'GET /orders': 'orders:read' }),
      /'POST \/orders' has no scope in the scopes of Tokens: name the scope that it requires, or anyToken/,
    ],
    [
      'a HEAD route whose GET route is forgotten',
      ownStack(invalid, ['GET /orders', 'HEAD /profile'], { 'GET /orders': 'orders:read' }),
      /'HEAD \/profile' has no scope/,
    ],
    [
      'a key with another path',
      ownStack(invalid, ['GET /orders'], { 'GET /orders': 'orders:read', 'GET /order': 'orders:read' }),
      /'GET \/order' in the scopes of Tokens is not one of its routes: GET \/orders/,
    ],
    [
      'a key with another method',
      ownStack(invalid, ['GET /orders'], { 'GET /orders': 'orders:read', 'PUT /orders': 'orders:read' }),
      /'PUT \/orders' in the scopes of Tokens is not one of its routes: GET \/orders/,
    ],
    [
      'a key of an authorizer without routes',
      ownStack(invalid, [], { 'GET /orders': anyToken }),
      /is not one of its routes: it has none/,
    ],
  ];

  test.each(problems)('are not valid with %s', (_, stack, message) => {
    const errors = stack.node.findAll().flatMap(({ node }) => node.validate());
    expect(errors).toStrictEqual([expect.stringMatching(message)]);
  });

  test('that are not valid do not synthesize', () => {
    expect(() => Stage.of(invalid)?.synth()).toThrow(/TokensFunction\] 'POST \/orders' has no scope/);
  });
});
