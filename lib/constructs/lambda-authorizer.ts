import { Duration } from 'aws-cdk-lib';
import { HttpLambdaAuthorizer, HttpLambdaResponseType } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { Construct } from 'constructs';
import { itemKinds } from '../../src/storage/item-kinds.ts';
import type { StatelessStack } from '../stateless-stack.ts';
import { NodeFunction } from './node-function.ts';
import { allowItems, allowSecret } from './statements.ts';

interface LambdaAuthorizerProps {
  /** The stage whose tokens are accepted. */
  readonly stateless: StatelessStack;
  /** The scope that a route requires, by route key: `{ 'GET /orders': 'orders:read' }`. Others accept any token. */
  readonly scopes?: Readonly<Record<string, string>>;
  /**
   * Who responds to a denied caller. An HTTP API responds to a denial with a bare 403, whatever its cause, and to a
   * failure with a 500.
   * - `gateway`, the default: the integration is never called for a denied caller.
   * - `integration`: the integration is called for every caller, with either the caller or the error in the
   *   authorizer's context, and responds as RFC 6750 §3.1 demands. It must read that context with `callerOf`.
   */
  readonly denials?: 'gateway' | 'integration';
}

/**
 * The authorizer for routes that accept session tokens, or JWTs that must be refused as soon as they are revoked.
 *
 * ```ts
 * const authorizer = new LambdaAuthorizer(this, 'Authorizer', { stateless, scopes: { 'GET /orders': 'orders:read' } });
 * ```
 */
export class LambdaAuthorizer extends HttpLambdaAuthorizer {
  constructor(scope: Construct, id: string, props: LambdaAuthorizerProps) {
    const { record, stateful, issuer, audience } = props.stateless;
    const denials = props.denials ?? 'gateway';
    const cacheSeconds = denials === 'gateway' ? record.authorizerCacheSeconds : 0;
    const authorizerFunction = new NodeFunction(scope, `${id}Function`, {
      record,
      folder: 'authorizer',
      description: `Authorizes callers with a JWT or a session token; denials at the ${denials}`,
      environment: {
        STAGE: record.name,
        ISSUER: issuer,
        AUDIENCE: audience,
        ACCESS_TOKEN_TYPE: record.accessTokenType,
        CLIENTS_TABLE: stateful.clients.tableName,
        SESSIONS_TABLE: stateful.sessions.tableName,
        HASH_KEY_SECRET: stateful.hashKey.secretArn,
        ROUTE_SCOPES: JSON.stringify(props.scopes ?? {}),
        DENIALS: denials,
        DPOP_NONCES: String(record.dpopNonces),
        AUTHORIZER_RESULTS_CACHED: String(cacheSeconds > 0),
      },
      statements: [
        allowItems(stateful, ['GetItem', 'BatchGetItem'], itemKinds.client, itemKinds.keySet),
        allowItems(stateful, ['GetItem', 'BatchGetItem'], itemKinds.session, itemKinds.revokedToken),
        // Used DPoP proofs
        allowItems(stateful, ['PutItem'], itemKinds.use),
        allowSecret(stateful.hashKey, 'GetSecretValue'),
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
  }
}
