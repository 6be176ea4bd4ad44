import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AuthStage } from '../../lib/auth-stage.ts';
import { LambdaAuthorizer } from '../../lib/constructs/lambda-authorizer.ts';
import { stages } from '../../lib/stages.ts';

const outdir = mkdtempSync(join(tmpdir(), 'postern-authorizer-'));
afterAll(() => rmSync(outdir, { recursive: true }));

/** A platform team's own stack, with a route as the README shows it. */
function ownStack(authorizerCacheSeconds: number) {
  const [record] = stages;
  assert.ok(record);
  const stage = new AuthStage(new App({ outdir }), { ...record, authorizerCacheSeconds });
  const stack = new Stack(stage, 'Own');
  const { stateless } = stage;
  const api = HttpApi.fromHttpApiAttributes(stack, 'Api', { httpApiId: stateless.api.apiId });
  const tokens = new LambdaAuthorizer(stack, 'Tokens', {
    stateless,
    scopes: { 'GET /orders': 'orders:read' },
  });
  const integration = new HttpUrlIntegration('Orders', 'https://orders.example.com');
  const routeKey = HttpRouteKey.with('/orders', HttpMethod.GET);
  new HttpRoute(stack, 'Orders', { httpApi: api, routeKey, integration, authorizer: tokens });
  const template = Template.fromStack(stack);
  const [authorizer] = Object.values(template.findResources('AWS::ApiGatewayV2::Authorizer'));
  const [authorizerFunction] = Object.values(template.findResources('AWS::Lambda::Function'));
  const { Variables } = authorizerFunction?.['Properties']?.Environment as {
    Variables: Record<string, string>;
  };
  return { properties: authorizer?.['Properties'] as Record<string, unknown>, variables: Variables };
}

test('denies at the gateway unless it is told otherwise, and demands the scope of each route', () => {
  const { properties, variables } = ownStack(0);
  expect(variables['DENIALS']).toBe('gateway');
  expect(variables['ROUTE_SCOPES']).toBe('{"GET /orders":"orders:read"}');
  expect(variables['AUTHORIZER_RESULTS_CACHED']).toBe('false');
  expect(properties['AuthorizerResultTtlInSeconds']).toBe(0);
  expect(properties['EnableSimpleResponses']).toBe(true);
});

test('an answer that is reused is reused for the same route alone, and bound tokens are refused', () => {
  const { properties, variables } = ownStack(60);
  expect(properties['AuthorizerResultTtlInSeconds']).toBe(60);
  expect(properties['IdentitySource']).toStrictEqual(['$request.header.Authorization', '$context.routeKey']);
  expect(variables['AUTHORIZER_RESULTS_CACHED']).toBe('true');
});
