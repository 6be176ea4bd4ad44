/** Paths under the issuer: routes, metadata, and what assertions and proofs must name. */
export const endpoints = {
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  sessionToken: '/rest/v1/app/session/token',
  authorizationServerMetadata: '/.well-known/oauth-authorization-server',
  openidConfiguration: '/.well-known/openid-configuration',
  jwks: '/.well-known/jwks.json',
} as const;
