import { HttpJwtAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import type { AuthorizationServer } from './authorization-server.ts';

interface JwtAuthorizerProps {
  /** The server whose tokens are accepted. */
  readonly server: AuthorizationServer;
}

/**
 * API Gateway's own JWT authorizer, for routes that accept only JWTs. It costs nothing and adds no latency, but does not
 * know what was revoked, and accepts a token that is bound by DPoP as a bearer token. Its routes name their scopes:
 *
 * ```ts
 * const authorizer = new JwtAuthorizer('Jwts', { server });
 * new HttpRoute(this, 'Orders', { httpApi, routeKey, integration, authorizer, authorizationScopes: ['orders:read'] });
 * ```
 */
export class JwtAuthorizer extends HttpJwtAuthorizer {
  constructor(id: string, { server }: JwtAuthorizerProps) {
    const { name, signingAlgorithm } = server.settings;
    if (!signingAlgorithm.startsWith('RS')) {
      throw new Error(`${name}: API Gateway's JWT authorizer cannot verify ${signingAlgorithm}`);
    }
    super(id, server.issuer, { jwtAudience: [server.audience] });
    server.announceJwtAuthorizer();
  }
}
