import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import type { AuthorizationServer } from './constructs/authorization-server.ts';
import { JwtAuthorizer } from './constructs/jwt-authorizer.ts';
import { LambdaAuthorizer } from './constructs/lambda-authorizer.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { allowKeys } from './constructs/statements.ts';
import type { StageRecord } from './stages.ts';

interface ExampleApiStackProps {
  readonly record: StageRecord;
  readonly server: AuthorizationServer;
}

const subscriptionRoutes = [
  {
    id: 'CreateSubscription',
    method: HttpMethod.POST,
    path: '/api/v1/marketplace/subscriptions',
    scope: 'marketplace.order:create',
  },
  {
    id: 'ReadSubscription',
    method: HttpMethod.GET,
    path: '/api/v1/marketplace/subscriptions/{externalSubscriptionId}',
    scope: 'marketplace.order:read',
  },
  {
    id: 'HeadSubscription',
    method: HttpMethod.HEAD,
    path: '/api/v1/marketplace/subscriptions/{externalSubscriptionId}',
    scope: 'marketplace.order:read',
  },
];

/** An example of an API behind the stage's access tokens. Replace it by your own: nothing else depends on it. */
export class ExampleApiStack extends Stack {
  constructor(scope: Construct, id: string, { record, server }: ExampleApiStackProps) {
    super(scope, id, { terminationProtection: record.retain });
    const subscriptions = new TableV2(this, 'Subscriptions', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: record.retain,
      removalPolicy: record.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const handler = new NodeFunction(this, 'ExampleApi', {
      settings: record,
      folder: 'example-api',
      description: 'Marketplace subscriptions',
      environment: {
        STAGE: record.name,
        RESTORE_CHALLENGES: String(record.restoreChallenges),
        DIALECT: record.dialect,
        SUBSCRIPTIONS_TABLE: subscriptions.tableName,
      },
      statements: [allowKeys(subscriptions, ['GetItem', 'PutItem'], ['subscription#*'])],
    });

    new CfnOutput(this, 'ExampleApiUrl', { value: `${server.issuer}/api/v1/marketplace/subscriptions` });

    // Imported, so that the authorizer belongs to this stack, which is created after the discovery document that
    // API Gateway reads for it.
    const httpApi = HttpApi.fromHttpApiAttributes(this, 'Api', { httpApiId: server.api.apiId });
    const integration = new HttpLambdaIntegration('ExampleApi', handler);
    const authorizerOf = record.jwtAuthorizer ? this.jwtAuthorizer(server) : this.lambdaAuthorizer(server);
    for (const { id: routeId, method, path, scope: requiredScope } of subscriptionRoutes) {
      new HttpRoute(this, routeId, {
        httpApi,
        routeKey: HttpRouteKey.with(path, method),
        integration,
        ...authorizerOf(requiredScope),
      });
    }
  }

  private jwtAuthorizer(server: AuthorizationServer) {
    const authorizer = new JwtAuthorizer('JwtAuthorizer', { server });
    return (scope: string) => ({ authorizer, authorizationScopes: [scope] });
  }

  private lambdaAuthorizer(server: AuthorizationServer) {
    const authorizer = new LambdaAuthorizer(this, 'TokenAuthorizer', {
      server,
      scopes: Object.fromEntries(
        subscriptionRoutes.map(({ method, path, scope }) => [`${method} ${path}`, scope]),
      ),
      denials: 'integration',
    });
    return () => ({ authorizer });
  }
}
