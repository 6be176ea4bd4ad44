import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { HttpApi, HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import type { IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { LambdaAuthorizer } from './constructs/lambda-authorizer.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { allowItems, allowSecret } from './constructs/statements.ts';
import type { StageRecord } from './stages.ts';
import type { StatefulStack } from './stateful-stack.ts';
import type { StatelessStack } from './stateless-stack.ts';

interface PartnerApiStackProps {
  readonly record: StageRecord;
  readonly stateful: StatefulStack;
  readonly stateless: StatelessStack;
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
];

const sessionKeysPath = '/rest/v1/users/{mage_id}/keys';
const sessionKeyRoutes = [
  { id: 'ListSessionKeys', method: HttpMethod.GET, path: sessionKeysPath },
  { id: 'CreateSessionKey', method: HttpMethod.POST, path: sessionKeysPath },
  // The id of the key in the path, or in the body and the query.
  { id: 'UpdateSessionKey', method: HttpMethod.PUT, path: `${sessionKeysPath}/{application_id}` },
  { id: 'UpdateNamedSessionKey', method: HttpMethod.PUT, path: sessionKeysPath },
  { id: 'DeleteSessionKey', method: HttpMethod.DELETE, path: `${sessionKeysPath}/{application_id}` },
  { id: 'DeleteNamedSessionKey', method: HttpMethod.DELETE, path: sessionKeysPath },
];

/** An API behind the stage's tokens, to be replaced by one's own: it shows both kinds of authorizer. */
export class PartnerApiStack extends Stack {
  constructor(scope: Construct, id: string, { record, stateful, stateless }: PartnerApiStackProps) {
    super(scope, id, { terminationProtection: record.retain });

    const subscriptions = new TableV2(this, 'Subscriptions', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.awsManagedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: record.retain,
      removalPolicy: record.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    const handler = new NodeFunction(this, 'PartnerApi', {
      record,
      folder: 'partner-api',
      description: 'Profiles of accounts, and marketplace subscriptions',
      environment: {
        STAGE: record.name,
        CLIENTS_TABLE: stateful.clients.tableName,
        SUBSCRIPTIONS_TABLE: subscriptions.tableName,
      },
      statements: [
        allowItems(stateful.clients, ['GetItem'], ['account#*']),
        allowItems(subscriptions, ['GetItem', 'PutItem'], ['subscription#*']),
      ],
    });

    // Imported, so that the authorizers belong to this stack, which is created after the one they read.
    const api = HttpApi.fromHttpApiAttributes(this, 'Api', { httpApiId: stateless.api.apiId });
    const integration = new HttpLambdaIntegration('PartnerApi', handler);

    const tokens = new LambdaAuthorizer(this, 'TokenAuthorizer', {
      stateless,
      scopes: Object.fromEntries(
        subscriptionRoutes.map(({ method, path, scope: demanded }) => [`${method} ${path}`, demanded]),
      ),
      denials: 'integration',
    });
    new HttpRoute(this, 'Profile', {
      httpApi: api,
      routeKey: HttpRouteKey.with('/rest/v1/users/{mage_id}', HttpMethod.GET),
      integration,
      authorizer: tokens,
    });
    this.sessionKeys({ record, stateful }, api, tokens);

    if (record.jwtAuthorizer && !record.signingAlgorithm.startsWith('RS')) {
      throw new Error(
        `${record.name}: API Gateway's JWT authorizer cannot verify ${record.signingAlgorithm}`,
      );
    }
    const jwts = new HttpJwtAuthorizer('JwtAuthorizer', stateless.issuer, {
      jwtAudience: [stateless.audience],
    });
    for (const { id: routeId, method, path, scope: demanded } of subscriptionRoutes) {
      new HttpRoute(this, routeId, {
        httpApi: api,
        routeKey: HttpRouteKey.with(path, method),
        integration,
        ...(record.jwtAuthorizer
          ? { authorizer: jwts, authorizationScopes: [demanded] }
          : { authorizer: tokens }),
      });
    }
  }
  /** Accounts look after their own session keys, with a session that one of them opened. */
  private sessionKeys(
    { record, stateful: { clients, hashKey } }: Pick<PartnerApiStackProps, 'record' | 'stateful'>,
    httpApi: IHttpApi,
    authorizer: LambdaAuthorizer,
  ): void {
    const handler = new NodeFunction(this, 'SessionKeys', {
      record,
      folder: 'session-keys',
      description: 'Session keys of an account, for its holder',
      environment: {
        STAGE: record.name,
        CLIENTS_TABLE: clients.tableName,
        HASH_KEY_SECRET: hashKey.secretArn,
      },
      statements: [
        allowItems(clients, ['GetItem'], ['account#*', 'client#*']),
        allowItems(clients, ['PutItem', 'DeleteItem'], ['client#*']),
        allowItems(clients, ['UpdateItem'], ['account#*']),
        allowSecret(hashKey, 'GetSecretValue'),
      ],
    });
    const integration = new HttpLambdaIntegration('SessionKeys', handler);
    for (const { id, method, path } of sessionKeyRoutes) {
      new HttpRoute(this, id, {
        httpApi,
        routeKey: HttpRouteKey.with(path, method),
        integration,
        authorizer,
      });
    }
  }
}
