import { Duration } from 'aws-cdk-lib';
import { CfnRoute } from 'aws-cdk-lib/aws-apigatewayv2';
import type {
  HttpRouteAuthorizerBindOptions,
  HttpRouteAuthorizerConfig,
  IHttpRoute,
} from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { Construct } from 'constructs';
import type { DenialMode } from '../../src/http/authorizer.ts';
import { itemKinds } from '../../src/storage/item-kinds.ts';
import type { IAuthorizationServer } from './authorization-server.ts';
import { NodeFunction } from './node-function.ts';
import { allowBatchGet, allowItems, allowSecret, tokenOrigins } from './statements.ts';

/** In `scopes`: the route accepts any token of the stage. Sessions have no scopes, so their routes are among these. */
export const anyToken = Symbol('anyToken');

type RouteScopes = Readonly<Record<string, string | typeof anyToken>>;

interface LambdaAuthorizerProps {
  /** The server whose tokens are accepted. */
  readonly server: IAuthorizationServer;
  /**
   * The scope that each route requires, by route key: `{ 'GET /orders': 'orders:read', 'GET /profile': anyToken }`. A
   * route that is left out, and a key that names no route, fail the synthesis. A HEAD route requires what the GET route
   * of its path does, unless it is named itself.
   */
  readonly scopes: RouteScopes;
  /**
   * Who responds to a denied caller. An HTTP API responds to a denial with a bare 403, whatever its cause, and to a
   * failure with a 500.
   * - `gateway`, the default: the integration is never called for a denied caller. If a store is unavailable, the
   *   authorizer fails, because API Gateway would cache a denial.
   * - `integration`: the integration is called for every caller, with either the caller or the error in the
   *   authorizer's context, and responds as RFC 6750 §3.1 demands. It must read that context with `callerOf`.
   */
  readonly denials?: DenialMode;
}

/**
 * The authorizer for routes that accept session tokens, or JWTs that must be refused as soon as they are revoked.
 *
 * ```ts
 * const authorizer = new LambdaAuthorizer(this, 'Authorizer', { server, scopes: { 'GET /orders': 'orders:read' } });
 * ```
 */
export class LambdaAuthorizer extends HttpLambdaAuthorizer {
  private readonly routes: IHttpRoute[] = [];

  constructor(scope: Construct, id: string, props: LambdaAuthorizerProps) {
    const { functionSettings, storage, tokenEnvironment, authorizerCacheSeconds } = props.server;
    const denials = props.denials ?? 'gateway';
    const cacheSeconds = denials === 'gateway' ? authorizerCacheSeconds : 0;
    const authorizerFunction = new NodeFunction(scope, `${id}Function`, {
      settings: functionSettings,
      folder: 'authorizer',
      description: `Authorizes callers with a JWT or a session token; denials at the ${denials}`,
      environment: {
        ...tokenEnvironment,
        CLIENTS_TABLE: storage.clients.tableName,
        SESSIONS_TABLE: storage.sessions.tableName,
        HASH_KEY_SECRET: storage.hashKey.secretArn,
        ROUTE_SCOPES: JSON.stringify(requiredScopes(props.scopes)),
        DENIALS: denials,
        AUTHORIZER_RESULTS_CACHED: String(cacheSeconds > 0),
      },
      statements: [
        allowItems(storage, ['GetItem'], itemKinds.keySet),
        allowItems(storage, ['GetItem'], itemKinds.session, itemKinds.revokedToken),
        allowBatchGet(storage, ...tokenOrigins),
        // Used DPoP proofs
        allowItems(storage, ['PutItem'], itemKinds.use),
        allowSecret(storage.hashKey, 'GetSecretValue'),
      ],
    });
    super(id, authorizerFunction, {
      authorizerName: id,
      responseTypes: [HttpLambdaResponseType.SIMPLE],
      // With the header alone, a cached result of one route would be used for routes with another scope. If the
      // integration responds, the authorizer must be called for a request without a token too.
      identitySource: denials === 'gateway' ? ['$request.header.Authorization', '$context.routeKey'] : [],
      resultsCacheTtl: Duration.seconds(cacheSeconds),
    });
    authorizerFunction.node.addValidation({
      validate: () => scopeProblems(id, props.scopes, this.routes.map(routeKeyOf)),
    });
  }

  override bind(options: HttpRouteAuthorizerBindOptions): HttpRouteAuthorizerConfig {
    this.routes.push(options.route);
    return super.bind(options);
  }
}

/** The environment variable `ROUTE_SCOPES`: null stands for any token. */
const requiredScopes = (scopes: RouteScopes): Readonly<Record<string, string | null>> =>
  Object.fromEntries(
    Object.entries(withHead(scopes)).map(([routeKey, scope]) => [
      routeKey,
      scope === anyToken ? null : scope,
    ]),
  );

/** The scopes, and those of HEAD routes that are not named, which are those of GET (RFC 9110 §9.3.2). */
const withHead = (scopes: RouteScopes): RouteScopes => ({
  ...Object.fromEntries(
    Object.entries(scopes)
      .filter(([routeKey]) => routeKey.startsWith('GET '))
      .map(([routeKey, scope]) => [routeKey.replace('GET ', 'HEAD '), scope]),
  ),
  ...scopes,
});

/** An authorizer is bound to a route before the route has its resource, so that keys are read at the end. */
function routeKeyOf({ node }: IHttpRoute): string {
  const resource = node.defaultChild;
  if (resource instanceof CfnRoute) return resource.routeKey;
  throw new Error(`${node.path} is not an HttpRoute`);
}

/** A forgotten route would accept every token, and so would one whose key is mistyped in `scopes`. */
function scopeProblems(id: string, scopes: RouteScopes, routeKeys: readonly string[]): string[] {
  const named = withHead(scopes);
  return [
    ...routeKeys
      .filter((routeKey) => !Object.hasOwn(named, routeKey))
      .map(
        (routeKey) =>
          `'${routeKey}' has no scope in the scopes of ${id}: name the scope that it requires, or anyToken.`,
      ),
    ...Object.keys(scopes)
      .filter((routeKey) => !routeKeys.includes(routeKey))
      .map(
        (routeKey) =>
          `'${routeKey}' in the scopes of ${id} is not one of its routes: ${routeKeys.join(', ') || 'it has none'}.`,
      ),
  ];
}
