import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway';
import { HttpApi, HttpMethod, HttpStage, LogGroupLogDestination } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Construct } from 'constructs';
import { endpoints } from '../src/oauth/endpoints.ts';
import { isScopeToken } from '../src/oauth/scope.ts';
import { itemKinds } from '../src/storage/item-kinds.ts';
import { NodeFunction } from './constructs/node-function.ts';
import { SigningKeyRotation } from './constructs/signing-key-rotation.ts';
import { StageLogGroup } from './constructs/stage-log-group.ts';
import { allowItems, allowSecret } from './constructs/statements.ts';
import { corsOf } from './cors.ts';
import { issuerProblem } from './stages.ts';
import type { StageRecord } from './stages.ts';
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
    integrationError: '$context.integrationErrorMessage',
    authorizerError: '$context.authorizer.error',
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
  /** The stage's URL without a slash at the end (RFC 8414 §2). */
  readonly issuer: string;
  /** `aud` of the stage's access tokens (RFC 9068 §2.2). */
  readonly audience: string;

  constructor(scope: Construct, id: string, { record, stateful }: StatelessStackProps) {
    super(scope, id);
    this.record = record;
    this.stateful = stateful;
    this.api = this.httpApi();
    const problem = record.issuer === undefined ? undefined : issuerProblem(record.issuer);
    if (problem !== undefined) throw new Error(`${record.name}: the issuer ${problem}`);
    this.issuer = record.issuer ?? this.api.apiEndpoint;
    this.audience = record.audience ?? this.issuer;

    this.tokenEndpoint();
    this.sessionTokenEndpoint();
    this.revocationEndpoint();
    this.introspectionEndpoint();
    this.wellKnown();
    new SigningKeyRotation(this, 'SigningKeyRotation', { record, stateful });

    new CfnOutput(this, 'Url', { value: this.api.apiEndpoint });
    new CfnOutput(this, 'Issuer', { value: this.issuer });
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
      ...(corsPreflight && { corsPreflight }),
    });
    const accessLogs = new StageLogGroup(
      this,
      'AccessLogs',
      record,
      `/aws/vendedlogs/postern/${record.name}/access`,
    );
    new HttpStage(this, 'DefaultStage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: record.throttle,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLogs), format: accessLogFormat },
    });
    return api;
  }

  private tokenEndpoint(): void {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'Token', {
      record,
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
        allowItems(stateful, ['GetItem', 'BatchGetItem'], itemKinds.client, itemKinds.keySet),
        allowItems(stateful, ['BatchGetItem'], itemKinds.revokedToken),
        allowSecret(stateful.signingKeys, 'GetSecretValue'),
      ],
    });
    this.publicRoute('Token', handler, HttpMethod.POST, endpoints.token);
  }

  private sessionTokenEndpoint(): void {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'SessionToken', {
      record,
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
    this.publicRoute('SessionToken', handler, HttpMethod.POST, endpoints.sessionToken);
  }

  private revocationEndpoint(): void {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'Revoke', {
      record,
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
      record,
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
        allowItems(stateful, ['BatchGetItem'], itemKinds.client, itemKinds.account, itemKinds.keySet),
        allowItems(stateful, ['GetItem', 'BatchGetItem'], itemKinds.session, itemKinds.revokedToken),
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

  private wellKnown(): void {
    const { record, stateful } = this;
    const handler = new NodeFunction(this, 'WellKnown', {
      record,
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
    for (const path of [authorizationServerMetadata, openidConfiguration, jwks]) {
      this.publicRoute('WellKnown', handler, HttpMethod.GET, path);
      this.publicRoute('WellKnown', handler, HttpMethod.HEAD, path);
    }
  }

  /** A route without an authorizer, because its function authenticates clients itself. */
  private publicRoute(id: string, handler: NodeFunction, method: HttpMethod, path: string): void {
    const integration = new HttpLambdaIntegration(id, handler);
    for (const route of this.api.addRoutes({ path, methods: [method], integration })) {
      Validations.of(route).acknowledge({
        id: 'AwsSolutions::AwsSolutions-APIG4',
        reason: 'Clients authenticate at this endpoint itself, or it serves public metadata.',
      });
    }
  }
}
