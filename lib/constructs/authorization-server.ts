import { CfnOutput, Stack, Validations } from 'aws-cdk-lib';
import { HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import type { HttpApi, IHttpApi } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type { Function } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { Environment } from '../../src/env.ts';
import { endpoints } from '../../src/oauth/endpoints.ts';
import { isScopeToken } from '../../src/oauth/scope.ts';
import { itemKinds } from '../../src/storage/item-kinds.ts';
import { configuredIssuer } from '../stages.ts';
import type { StageRecord } from '../stages.ts';
import { NodeFunction } from './node-function.ts';
import type { FunctionSettings, NodeFunctionProps } from './node-function.ts';
import { ServerApi } from './server-api.ts';
import type { ServerStorage } from './server-storage.ts';
import { SigningKeyRotation } from './signing-key-rotation.ts';
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

/** For programs that are compiled with `exactOptionalPropertyTypes`, the class does not implement the interface. */
type AnyHttpApi = IHttpApi | HttpApi;

export interface AuthorizationServerProps {
  readonly settings: AuthorizationServerSettings;
  /** Tables and secrets. They may be those of a StatefulStack, or your own. */
  readonly storage: ServerStorage;
  /**
   * An HTTP API of yours that gets the routes of the server. Its stage, with throttles and access log, its CORS
   * configuration and its domain are yours then, and `issuer` must be set if a domain is mapped to it.
   * @default an HTTP API of the server's own, with a stage and, if the settings have one, a domain
   */
  readonly api?: AnyHttpApi;
}

/** What a function must know besides the storage, in its environment, to verify the tokens of a server. */
export type TokenEnvironment = Pick<
  Environment,
  'STAGE' | 'ISSUER' | 'AUDIENCE' | 'ACCESS_TOKEN_TYPE' | 'DPOP_NONCES'
>;

/** What an authorizer must know of the authorization server whose tokens it accepts. */
export interface IAuthorizationServer {
  readonly functionSettings: FunctionSettings;
  readonly authorizerCacheSeconds: number;
  readonly storage: Omit<ServerStorage, 'signingKeys'>;
  readonly tokenEnvironment: TokenEnvironment;
}

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
  readonly api: AnyHttpApi;
  /** The stage's URL without a slash at the end (RFC 8414 §2). */
  readonly issuer: string;
  /** `aud` of the stage's access tokens (RFC 9068 §2.2). */
  readonly audience: string;
  /** The API's own URL. It does not respond where the domain is the only way in. */
  readonly executeApiUrl: string;
  /** Every function of the server, by its name. */
  readonly functions: Record<string, Function> = {};

  constructor(scope: Construct, id: string, { settings, storage, api }: AuthorizationServerProps) {
    super(scope, id);
    this.settings = settings;
    this.storage = storage;
    this.api = api ?? new ServerApi(this, 'Api', settings);
    const own = this.api instanceof ServerApi ? this.api : undefined;
    this.executeApiUrl = own?.executeApiUrl ?? this.api.apiEndpoint;
    this.issuer = configuredIssuer(settings) ?? this.executeApiUrl;
    this.audience = settings.audience ?? this.issuer;

    const tokenRoutes = [...this.tokenEndpoint(), ...this.sessionTokenEndpoint()];
    this.revocationEndpoint();
    this.introspectionEndpoint();
    const discoveryRoutes = this.wellKnown();
    own?.serve([
      [tokenRoutes, settings.throttles.token],
      [discoveryRoutes, settings.throttles.discovery],
    ]);
    const others = [...this.node.children];
    const rotation = new SigningKeyRotation(this, 'SigningKeyRotation', { settings, storage });
    rotation.startAfter(...others);
    this.functions['SigningKeyRotation'] = rotation.rotationFunction;
  }

  get functionSettings(): FunctionSettings {
    return this.settings;
  }

  get authorizerCacheSeconds(): number {
    return this.settings.authorizerCacheSeconds;
  }

  get tokenEnvironment(): TokenEnvironment {
    const { settings, issuer, audience } = this;
    return {
      STAGE: settings.name,
      ISSUER: issuer,
      AUDIENCE: audience,
      ACCESS_TOKEN_TYPE: settings.accessTokenType,
      DPOP_NONCES: String(settings.dpopNonces),
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

  private tokenEndpoint(): HttpRoute[] {
    const { settings, storage } = this;
    const handler = this.newFunction('Token', {
      folder: 'token',
      description: 'POST /oauth/token',
      reservedConcurrentExecutions: settings.reservedConcurrency?.token,
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
    return this.publicRoutes(handler, [[HttpMethod.POST, endpoints.token]]);
  }

  private sessionTokenEndpoint(): HttpRoute[] {
    const { settings, storage } = this;
    const handler = this.newFunction('SessionToken', {
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
    return this.publicRoutes(handler, [[HttpMethod.POST, endpoints.sessionToken]]);
  }

  private revocationEndpoint(): void {
    const { settings, storage } = this;
    const handler = this.newFunction('Revoke', {
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
    this.publicRoutes(handler, [[HttpMethod.POST, endpoints.revocation]]);
  }

  private introspectionEndpoint(): void {
    const { settings, storage } = this;
    const handler = this.newFunction('Introspect', {
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
    this.publicRoutes(handler, [[HttpMethod.POST, endpoints.introspection]]);
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
    const handler = this.newFunction('WellKnown', {
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
    const paths = [authorizationServerMetadata, openidConfiguration, jwks];
    const methods = [HttpMethod.GET, HttpMethod.HEAD];
    return this.publicRoutes(
      handler,
      paths.flatMap((path) => methods.map((method) => [method, path] as const)),
    );
  }

  private newFunction(id: string, props: Omit<NodeFunctionProps, 'settings'>): NodeFunction {
    const created = new NodeFunction(this, id, { settings: this.settings, ...props });
    this.functions[id] = created;
    return created;
  }

  /** Routes without an authorizer, because their function authenticates clients itself. */
  private publicRoutes(
    handler: NodeFunction,
    routes: readonly (readonly [HttpMethod, string])[],
  ): HttpRoute[] {
    const integration = new HttpLambdaIntegration(handler.node.id, handler);
    return routes.map(([method, path]) => {
      const routeKey = HttpRouteKey.with(path, method);
      const route = new HttpRoute(this, routeKey.key, { httpApi: this.api, routeKey, integration });
      Validations.of(route).acknowledge({
        id: 'AwsSolutions::AwsSolutions-APIG4',
        reason: 'Clients authenticate at this endpoint itself, or it serves public metadata.',
      });
      return route;
    });
  }
}
