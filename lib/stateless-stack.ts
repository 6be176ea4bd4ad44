import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import {
  CfnApi,
  CfnRoute,
  CfnStage,
  HttpApi,
  HttpMethod,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { endpoints } from '../src/oauth/endpoints.ts';
import { isScopeToken } from '../src/oauth/scope.ts';
import { itemKinds } from '../src/storage/item-kinds.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { PublicDomain } from './constructs/public-domain.ts';
import { SigningKeyRotation } from './constructs/signing-key-rotation.ts';
import { StageLogGroup } from './constructs/stage-log-group.ts';
import { allowBatchGet, allowItems, allowSecret, tokenOrigins } from './constructs/statements.ts';
import { corsOf } from './cors.ts';
import { configuredIssuer } from './stages.ts';
import type { StageRecord, Throttle } from './stages.ts';
import type { StatefulStack } from './stateful-stack.ts';

interface StatelessStackProps {
  readonly record: StageRecord;
  readonly stateful: StatefulStack;
}

/** One JSON line for each request, without headers, query and body, any of which may contain a credential. */
const accessLogFormat = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    time: '$context.requestTime',
    ip: '$context.identity.sourceIp',
    routeKey: '$context.routeKey',
    status: '$context.status',
    responseLength: '$context.responseLength',
    latency: '$context.responseLatency',
    integrationLatency: '$context.integrationLatency',
    integrationError: '$context.integrationErrorMessage',
    error: '$context.error.message',
    // The Lambda authorizer names the client in its context, and a JWT in its claim.
    clientId: '$context.authorizer.clientId',
    jwtClientId: '$context.authorizer.claims.client_id',
    authorizerError: '$context.authorizer.error',
    userAgent: '$context.identity.userAgent',
  }),
);

/** The scopes of a stage, each of which a client can request as it is written. */
function publishedScopes({ name, scopes }: StageRecord): readonly string[] {
  const invalid = scopes.find((scope) => !isScopeToken(scope));
  if (invalid === undefined) return scopes;
  throw new Error(`${name}: scopes lists what partners may request, and ${invalid} is a pattern or no scope`);
}

/** The authorization server: its functions, its routes, and the HTTP API of the whole stage. */
export class StatelessStack extends Stack {
  readonly record: StageRecord;
  readonly stateful: StatefulStack;
  readonly api: HttpApi;
  private readonly stage: HttpStage;
  /** The stage's URL without a slash at the end (RFC 8414 §2). */
  readonly issuer: string;
  /** `aud` of the stage's access tokens (RFC 9068 §2.2). */
  readonly audience: string;

  constructor(scope: Construct, id: string, { record, stateful }: StatelessStackProps) {
    super(scope, id, { terminationProtection: record.retain });
    this.record = record;
    this.stateful = stateful;
    const issuer = configuredIssuer(record);
    this.api = this.httpApi();
    this.stage = this.defaultStage();
    if (record.domain) {
      new PublicDomain(this, 'Domain', { domain: record.domain, api: this.api, stage: this.stage });
    }
    this.issuer = issuer ?? this.executeApiUrl();
    this.audience = record.audience ?? this.issuer;

    const tokenRoutes = [...this.tokenEndpoint(), ...this.sessionTokenEndpoint()];
    this.revocationEndpoint();
    this.introspectionEndpoint();
    const discoveryRoutes = this.wellKnown();
    const { token, discovery } = record.throttles;
    this.throttleGroups([
      [tokenRoutes, token],
      [discoveryRoutes, discovery],
    ]);
    const others = [...this.node.children];
    const rotation = new SigningKeyRotation(this, 'SigningKeyRotation', { record, stateful });
    rotation.startAfter(...others);

    const isReachedByDomain = record.domain?.disableExecuteApiEndpoint === true;
    new CfnOutput(this, 'Url', { value: isReachedByDomain ? this.issuer : this.executeApiUrl() });
    new CfnOutput(this, 'Issuer', { value: this.issuer });
    // With a domain no other stack refers to the API's own URL any more. If its export disappeared before they were
    // deployed, CloudFormation would refuse the change, so that a domain could not be added or removed later.
    this.exportValue(this.executeApiUrl());
    this.exportValue(this.api.apiId);
  }

  /**
   * States in an output that a route of the stage is behind API Gateway's own JWT authorizer, which the command line
   * warns of.
   */
  announceJwtAuthorizer(): void {
    const id = 'JwtAuthorizer';
    if (!this.node.tryFindChild(id)) new CfnOutput(this, id, { value: 'true' });
  }

  private httpApi(): HttpApi {
    const { record } = this;
    const corsPreflight = corsOf(record);
    const api = new HttpApi(this, 'Api', {
      apiName: `postern-${record.name}`,
      description: `Postern ${record.name}: tokens, and the API behind them`,
      createDefaultStage: false,
      ...(record.domain?.disableExecuteApiEndpoint === true && { disableExecuteApiEndpoint: true }),
      ...(corsPreflight && { corsPreflight }),
    });
    return api;
  }

  /** The API's own URL, which the construct does not tell where it is switched off. */
  private executeApiUrl(): string {
    const { defaultChild: api } = this.api.node;
    if (!(api instanceof CfnApi)) throw new Error(`${this.api.node.path} is no API`);
    return api.attrApiEndpoint;
  }

  private defaultStage(): HttpStage {
    const { record, api: httpApi } = this;
    const accessLogs = new StageLogGroup(this, 'AccessLogs', record, 'access');
    return new HttpStage(this, 'DefaultStage', {
      httpApi,
      stageName: '$default',
      autoDeploy: true,
      throttle: record.throttles.default,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLogs), format: accessLogFormat },
    });
  }

  /**
   * Gives the routes of each group their own limits. API Gateway knows a route by its key, and refuses settings of a route
   * that does not exist yet.
   */
  private throttleGroups(groups: readonly (readonly [readonly HttpRoute[], Throttle | undefined])[]): void {
    const { defaultChild: stage } = this.stage.node;
    if (!(stage instanceof CfnStage)) throw new Error(`${this.stage.node.path} is no stage`);
    const settings = groups.flatMap(([routes, throttle]) =>
      throttle === undefined ? [] : routes.map((route) => [resourceOf(route), throttle] as const),
    );
    if (settings.length === 0) return;
    for (const [route] of settings) stage.addResourceDependency(route);
    stage.routeSettings = Object.fromEntries(
      settings.map(([{ routeKey }, { rateLimit, burstLimit }]) => [
        routeKey,
        { ThrottlingRateLimit: rateLimit, ThrottlingBurstLimit: burstLimit },
      ]),
    );
  }

  private tokenEndpoint(): HttpRoute[] {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'Token', {
      settings: record,
      folder: 'token',
      description: 'POST /oauth/token',
      environment: {
        ...this.authenticationEnvironment(),
        AUDIENCE: this.audience,
        ACCESS_TOKEN_TYPE: record.accessTokenType,
        DIALECT: record.dialect,
        DPOP_NONCES: String(record.dpopNonces),
        TOKEN_POLICY: JSON.stringify(record.tokens),
        SIGNING_KEYS_SECRET: stateful.signingKeys.secretArn,
      },
      statements: [
        ...this.authenticationStatements(),
        // To verify the token that is exchanged
        allowItems(stateful, ['GetItem'], itemKinds.client, itemKinds.keySet),
        allowBatchGet(stateful, itemKinds.client, itemKinds.keySet, itemKinds.revokedToken),
        allowSecret(stateful.signingKeys, 'GetSecretValue'),
      ],
    });
    return this.publicRoute('Token', handler, HttpMethod.POST, endpoints.token);
  }

  private sessionTokenEndpoint(): HttpRoute[] {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'SessionToken', {
      settings: record,
      folder: 'session-token',
      description: 'POST /rest/v1/app/session/token',
      environment: {
        ...this.authenticationEnvironment(),
        TOKEN_POLICY: JSON.stringify(record.tokens),
      },
      statements: [
        ...this.secretStatements(),
        allowItems(stateful, ['GetItem'], itemKinds.account),
        allowItems(stateful, ['PutItem'], itemKinds.session),
      ],
    });
    return this.publicRoute('SessionToken', handler, HttpMethod.POST, endpoints.sessionToken);
  }

  private revocationEndpoint(): void {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'Revoke', {
      settings: record,
      folder: 'revoke',
      description: 'POST /oauth/revoke',
      environment: {
        ...this.authenticationEnvironment(),
        ACCESS_TOKEN_TYPE: record.accessTokenType,
        DIALECT: record.dialect,
      },
      statements: [
        ...this.authenticationStatements(),
        allowItems(stateful, ['GetItem'], itemKinds.keySet),
        allowItems(stateful, ['GetItem', 'DeleteItem'], itemKinds.session),
        allowItems(stateful, ['PutItem'], itemKinds.revokedToken),
      ],
    });
    this.publicRoute('Revoke', handler, HttpMethod.POST, endpoints.revocation);
  }

  private introspectionEndpoint(): void {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'Introspect', {
      settings: record,
      folder: 'introspect',
      description: 'POST /oauth/introspect',
      environment: {
        ...this.authenticationEnvironment(),
        AUDIENCE: this.audience,
        ACCESS_TOKEN_TYPE: record.accessTokenType,
        DIALECT: record.dialect,
        SIGNING_KEYS_SECRET: stateful.signingKeys.secretArn,
      },
      statements: [
        ...this.authenticationStatements(),
        allowItems(stateful, ['GetItem'], itemKinds.keySet),
        allowItems(stateful, ['GetItem'], itemKinds.session, itemKinds.revokedToken),
        allowBatchGet(stateful, ...tokenOrigins),
        allowSecret(stateful.signingKeys, 'GetSecretValue'),
      ],
    });
    this.publicRoute('Introspect', handler, HttpMethod.POST, endpoints.introspection);
  }

  /** What every endpoint needs to authenticate clients. */
  private authenticationEnvironment() {
    return {
      STAGE: this.record.name,
      RESTORE_CHALLENGES: String(this.record.restoreChallenges),
      ISSUER: this.issuer,
      CLIENT_ASSERTIONS: JSON.stringify(this.record.clientAssertions),
      CLIENTS_TABLE: this.stateful.clients.tableName,
      SESSIONS_TABLE: this.stateful.sessions.tableName,
      HASH_KEY_SECRET: this.stateful.hashKey.secretArn,
    };
  }

  private authenticationStatements() {
    // Used assertions and DPoP proofs
    return [...this.secretStatements(), allowItems(this.stateful, ['PutItem'], itemKinds.use)];
  }

  /** What authentication with a secret needs. */
  private secretStatements() {
    const { hashKey } = this.stateful;
    return [
      allowItems(this.stateful, ['GetItem'], itemKinds.client),
      allowItems(this.stateful, ['PutItem'], itemKinds.secretUse),
      allowSecret(hashKey, 'GetSecretValue'),
    ];
  }

  private wellKnown(): HttpRoute[] {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'WellKnown', {
      settings: record,
      folder: 'well-known',
      description: 'Metadata (RFC 8414) and the published keys (RFC 7517)',
      environment: {
        STAGE: record.name,
        ISSUER: this.issuer,
        SIGNING_ALGORITHM: record.signingAlgorithm,
        SCOPES_SUPPORTED: JSON.stringify(publishedScopes(record)),
        CLIENTS_TABLE: stateful.clients.tableName,
      },
      statements: [allowItems(stateful, ['GetItem'], itemKinds.keySet)],
    });
    const { authorizationServerMetadata, openidConfiguration, jwks } = endpoints;
    return [authorizationServerMetadata, openidConfiguration, jwks].flatMap((path) => [
      ...this.publicRoute('WellKnown', handler, HttpMethod.GET, path),
      ...this.publicRoute('WellKnown', handler, HttpMethod.HEAD, path),
    ]);
  }

  /** A route without an authorizer, because its function authenticates clients itself. */
  private publicRoute(id: string, handler: NodeFunction, method: HttpMethod, path: string): HttpRoute[] {
    const integration = new HttpLambdaIntegration(id, handler);
    const routes = this.api.addRoutes({ path, methods: [method], integration });
    for (const route of routes) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions::AwsSolutions-APIG4',
        reason: 'Clients authenticate at this endpoint itself, or it serves public metadata.',
      });
    }
    return routes;
  }
}

function resourceOf({ node: { defaultChild, path } }: HttpRoute): CfnRoute {
  if (defaultChild instanceof CfnRoute) return defaultChild;
  throw new Error(`${path} has no route`);
}
