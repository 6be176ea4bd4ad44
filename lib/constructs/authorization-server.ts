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
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Environment } from '../../src/env.ts';
import { endpoints } from '../../src/oauth/endpoints.ts';
import { isScopeToken } from '../../src/oauth/scope.ts';
import { itemKinds } from '../../src/storage/item-kinds.ts';
import { configuredIssuer } from '../stages.ts';
import type { StageRecord, Throttle } from '../stages.ts';
import { corsOf } from './cors.ts';
import { NodeFunction } from './node-function.ts';
import type { FunctionSettings } from './node-function.ts';
import { PublicDomain } from './public-domain.ts';
import type { ServerStorage } from './server-storage.ts';
import { SigningKeyRotation } from './signing-key-rotation.ts';
import { StageLogGroup } from './stage-log-group.ts';
import { allowBatchGet, allowItems, allowSecret, tokenOrigins } from './statements.ts';

/** What of a stage record the authorization server depends on. */
export type AuthorizationServerSettings = FunctionSettings &
  Pick<
    StageRecord,
    | 'signingAlgorithm'
    | 'accessTokenType'
    | 'dialect'
    | 'dpopNonces'
    | 'rotationDays'
    | 'scopes'
    | 'cors'
    | 'restoreChallenges'
    | 'domain'
    | 'issuer'
    | 'audience'
    | 'tokens'
    | 'clientAssertions'
    | 'throttles'
    | 'authorizerCacheSeconds'
  >;

export interface AuthorizationServerProps {
  readonly settings: AuthorizationServerSettings;
  /** Tables and secrets. They may be those of a StatefulStack, or your own. */
  readonly storage: ServerStorage;
  /**
   * An HTTP API of yours that gets the routes of the server. Its stage, with throttles and access log, its CORS
   * configuration and its domain are yours then, and `issuer` must be set if a domain is mapped to it.
   * @default an HTTP API of the server's own, with a stage and, if the settings have one, a domain
   */
  readonly api?: HttpApi;
}

/** The environment in which a function verifies the tokens of a server. */
export type TokenEnvironment = Pick<
  Environment,
  | 'STAGE'
  | 'ISSUER'
  | 'AUDIENCE'
  | 'ACCESS_TOKEN_TYPE'
  | 'DPOP_NONCES'
  | 'CLIENTS_TABLE'
  | 'SESSIONS_TABLE'
  | 'HASH_KEY_SECRET'
>;

/** What an authorizer must know of the authorization server whose tokens it accepts. */
export interface IAuthorizationServer {
  readonly functionSettings: FunctionSettings;
  readonly authorizerCacheSeconds: number;
  readonly storage: Omit<ServerStorage, 'signingKeys'>;
  readonly tokenEnvironment: TokenEnvironment;
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
function publishedScopes({ name, scopes }: AuthorizationServerSettings): readonly string[] {
  const invalid = scopes.find((scope) => !isScopeToken(scope));
  if (invalid === undefined) return scopes;
  throw new Error(`${name}: scopes lists what partners may request, and ${invalid} is a pattern or no scope`);
}

/** An authorization server: its functions, their routes of an HTTP API, and the rotation of its signing keys. */
export class AuthorizationServer extends Construct implements IAuthorizationServer {
  readonly settings: AuthorizationServerSettings;
  readonly storage: ServerStorage;
  readonly api: HttpApi;
  /** The stage's URL without a slash at the end (RFC 8414 §2). */
  readonly issuer: string;
  /** `aud` of the stage's access tokens (RFC 9068 §2.2). */
  readonly audience: string;
  /** Every function of the server, by its construct id. */
  readonly functions: Readonly<Record<string, Function>>;
  /** The API's own URL. It does not respond where the domain is the only way in. */
  readonly executeApiUrl: string;

  constructor(scope: Construct, id: string, { settings, storage, api }: AuthorizationServerProps) {
    super(scope, id);
    this.settings = settings;
    this.storage = storage;
    const issuer = configuredIssuer(settings);
    this.api = api ?? this.httpApi();
    this.executeApiUrl = executeApiUrlOf(this.api);
    this.issuer = issuer ?? this.executeApiUrl;
    this.audience = settings.audience ?? this.issuer;

    const tokenRoutes = [...this.tokenEndpoint(), ...this.sessionTokenEndpoint()];
    this.revocationEndpoint();
    this.introspectionEndpoint();
    const discoveryRoutes = this.wellKnown();
    if (!api) {
      this.defaultStage([
        [tokenRoutes, settings.throttles.token],
        [discoveryRoutes, settings.throttles.discovery],
      ]);
    }
    const others = [...this.node.children];
    const rotation = new SigningKeyRotation(this, 'SigningKeyRotation', { settings, storage });
    rotation.startAfter(...others);
    const functions = this.node
      .findAll()
      .filter((construct): construct is NodeFunction => construct instanceof NodeFunction);
    this.functions = Object.fromEntries(functions.map((one) => [nameOf(one), one]));
  }

  get functionSettings(): FunctionSettings {
    return this.settings;
  }

  get authorizerCacheSeconds(): number {
    return this.settings.authorizerCacheSeconds;
  }

  get tokenEnvironment(): TokenEnvironment {
    const { settings, storage, issuer, audience } = this;
    return {
      STAGE: settings.name,
      ISSUER: issuer,
      AUDIENCE: audience,
      ACCESS_TOKEN_TYPE: settings.accessTokenType,
      DPOP_NONCES: String(settings.dpopNonces),
      CLIENTS_TABLE: storage.clients.tableName,
      SESSIONS_TABLE: storage.sessions.tableName,
      HASH_KEY_SECRET: storage.hashKey.secretArn,
    };
  }

  /**
   * States in an output of the stack that a route is behind API Gateway's own JWT authorizer, which the command line
   * warns of.
   */
  announceJwtAuthorizer(): void {
    const id = 'JwtAuthorizer';
    const stack = Stack.of(this);
    if (!stack.node.tryFindChild(id)) new CfnOutput(stack, id, { value: 'true' });
  }

  private httpApi(): HttpApi {
    const { name, domain } = this.settings;
    const corsPreflight = corsOf(this.settings);
    return new HttpApi(this, 'Api', {
      apiName: `postern-${name}`,
      description: `Postern ${name}: tokens, and the API behind them`,
      createDefaultStage: false,
      ...(domain?.disableExecuteApiEndpoint === true && { disableExecuteApiEndpoint: true }),
      ...(corsPreflight && { corsPreflight }),
    });
  }

  /** The stage of the server's own API, and the domain that is mapped to it. */
  private defaultStage(groups: readonly ThrottleGroup[]): void {
    const { settings, api } = this;
    const accessLogs = new StageLogGroup(this, 'AccessLogs', settings, 'access');
    const stage = new HttpStage(this, 'DefaultStage', {
      httpApi: api,
      stageName: '$default',
      autoDeploy: true,
      throttle: settings.throttles.default,
      accessLogSettings: { destination: new LogGroupLogDestination(accessLogs), format: accessLogFormat },
    });
    throttleGroups(stage, groups);
    const { domain } = settings;
    if (domain) new PublicDomain(this, 'Domain', { domain, api, stage });
  }

  private tokenEndpoint(): HttpRoute[] {
    const { settings, storage } = this;
    const handler = new NodeFunction(this, 'Token', {
      settings,
      folder: 'token',
      description: 'POST /oauth/token',
      environment: {
        ...this.authenticationEnvironment(),
        AUDIENCE: this.audience,
        ACCESS_TOKEN_TYPE: settings.accessTokenType,
        DIALECT: settings.dialect,
        DPOP_NONCES: String(settings.dpopNonces),
        TOKEN_POLICY: JSON.stringify(settings.tokens),
        SIGNING_KEYS_SECRET: storage.signingKeys.secretArn,
      },
      statements: [
        ...this.authenticationStatements(),
        // To verify the token that is exchanged
        allowItems(storage, ['GetItem'], itemKinds.client, itemKinds.keySet),
        allowBatchGet(storage, itemKinds.client, itemKinds.keySet, itemKinds.revokedToken),
        allowSecret(storage.signingKeys, 'GetSecretValue'),
      ],
    });
    return this.publicRoute('Token', handler, HttpMethod.POST, endpoints.token);
  }

  private sessionTokenEndpoint(): HttpRoute[] {
    const { settings, storage } = this;
    const handler = new NodeFunction(this, 'SessionToken', {
      settings,
      folder: 'session-token',
      description: 'POST /rest/v1/app/session/token',
      environment: {
        ...this.authenticationEnvironment(),
        TOKEN_POLICY: JSON.stringify(settings.tokens),
      },
      statements: [
        ...this.secretStatements(),
        allowItems(storage, ['GetItem'], itemKinds.account),
        allowItems(storage, ['PutItem'], itemKinds.session),
      ],
    });
    return this.publicRoute('SessionToken', handler, HttpMethod.POST, endpoints.sessionToken);
  }

  private revocationEndpoint(): void {
    const { settings, storage } = this;
    const handler = new NodeFunction(this, 'Revoke', {
      settings,
      folder: 'revoke',
      description: 'POST /oauth/revoke',
      environment: {
        ...this.authenticationEnvironment(),
        ACCESS_TOKEN_TYPE: settings.accessTokenType,
        DIALECT: settings.dialect,
      },
      statements: [
        ...this.authenticationStatements(),
        allowItems(storage, ['GetItem'], itemKinds.keySet),
        allowItems(storage, ['GetItem', 'DeleteItem'], itemKinds.session),
        allowItems(storage, ['PutItem'], itemKinds.revokedToken),
      ],
    });
    this.publicRoute('Revoke', handler, HttpMethod.POST, endpoints.revocation);
  }

  private introspectionEndpoint(): void {
    const { settings, storage } = this;
    const handler = new NodeFunction(this, 'Introspect', {
      settings,
      folder: 'introspect',
      description: 'POST /oauth/introspect',
      environment: {
        ...this.authenticationEnvironment(),
        AUDIENCE: this.audience,
        ACCESS_TOKEN_TYPE: settings.accessTokenType,
        DIALECT: settings.dialect,
        SIGNING_KEYS_SECRET: storage.signingKeys.secretArn,
      },
      statements: [
        ...this.authenticationStatements(),
        allowItems(storage, ['GetItem'], itemKinds.keySet),
        allowItems(storage, ['GetItem'], itemKinds.session, itemKinds.revokedToken),
        allowBatchGet(storage, ...tokenOrigins),
        allowSecret(storage.signingKeys, 'GetSecretValue'),
      ],
    });
    this.publicRoute('Introspect', handler, HttpMethod.POST, endpoints.introspection);
  }

  /** What every endpoint needs to authenticate clients. */
  private authenticationEnvironment() {
    return {
      STAGE: this.settings.name,
      RESTORE_CHALLENGES: String(this.settings.restoreChallenges),
      ISSUER: this.issuer,
      CLIENT_ASSERTIONS: JSON.stringify(this.settings.clientAssertions),
      CLIENTS_TABLE: this.storage.clients.tableName,
      SESSIONS_TABLE: this.storage.sessions.tableName,
      HASH_KEY_SECRET: this.storage.hashKey.secretArn,
    };
  }

  private authenticationStatements() {
    // Used assertions and DPoP proofs
    return [...this.secretStatements(), allowItems(this.storage, ['PutItem'], itemKinds.use)];
  }

  /** What authentication with a secret needs. */
  private secretStatements() {
    const { hashKey } = this.storage;
    return [
      allowItems(this.storage, ['GetItem'], itemKinds.client),
      allowItems(this.storage, ['PutItem'], itemKinds.secretUse),
      allowSecret(hashKey, 'GetSecretValue'),
    ];
  }

  private wellKnown(): HttpRoute[] {
    const { settings, storage } = this;
    const handler = new NodeFunction(this, 'WellKnown', {
      settings,
      folder: 'well-known',
      description: 'Metadata (RFC 8414) and the published keys (RFC 7517)',
      environment: {
        STAGE: settings.name,
        ISSUER: this.issuer,
        SIGNING_ALGORITHM: settings.signingAlgorithm,
        SCOPES_SUPPORTED: JSON.stringify(publishedScopes(settings)),
        CLIENTS_TABLE: storage.clients.tableName,
      },
      statements: [allowItems(storage, ['GetItem'], itemKinds.keySet)],
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

/** The routes of a group, and its limits if it has its own. */
type ThrottleGroup = readonly [readonly HttpRoute[], Throttle | undefined];

/**
 * Gives the routes of each group their own limits. API Gateway knows a route by its key, and refuses settings of a route
 * that does not exist yet.
 */
function throttleGroups({ node }: HttpStage, groups: readonly ThrottleGroup[]): void {
  const { defaultChild: stage, path } = node;
  if (!(stage instanceof CfnStage)) throw new Error(`${path} is no stage`);
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

/** The construct does not tell the URL where it is switched off. */
function executeApiUrlOf({ node: { defaultChild, path } }: HttpApi): string {
  if (defaultChild instanceof CfnApi) return defaultChild.attrApiEndpoint;
  throw new Error(`${path} is no API`);
}

function resourceOf({ node: { defaultChild, path } }: HttpRoute): CfnRoute {
  if (defaultChild instanceof CfnRoute) return defaultChild;
  throw new Error(`${path} has no route`);
}

/** The rotation function is a child of the construct that it is named after. */
const nameOf = ({ node }: NodeFunction): string =>
  node.id === 'Function' ? (node.scope?.node.id ?? node.id) : node.id;
