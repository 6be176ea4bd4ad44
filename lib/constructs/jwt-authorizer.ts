import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { StatelessStack } from '../stateless-stack.ts';

interface JwtAuthorizerProps {
  /** The stage whose tokens are accepted. */
  readonly stateless: StatelessStack;
}

/**
 * API Gateway's own JWT authorizer, for routes that accept only JWTs. It costs nothing and adds no latency, but does not
 * know what was revoked, and accepts a token that is bound by DPoP as a bearer token. Its routes name their scopes:
 *
 * ```ts
 * const authorizer = new JwtAuthorizer('Jwts', { stateless });
 * new HttpRoute(this, 'Orders', { httpApi, routeKey, integration, authorizer, authorizationScopes: ['orders:read'] });
 * ```
 */
export class JwtAuthorizer extends HttpJwtAuthorizer {
  constructor(id: string, { stateless }: JwtAuthorizerProps) {
    const { name, signingAlgorithm } = stateless.record;
    if (!signingAlgorithm.startsWith('RS')) {
      throw new Error(`${name}: API Gateway's JWT authorizer cannot verify ${signingAlgorithm}`);
    }
    super(id, stateless.issuer, { jwtAudience: [stateless.audience] });
    stateless.announceJwtAuthorizer();
  }
}
