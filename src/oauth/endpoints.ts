/** Paths under the issuer, for routes and metadata, and for the `aud` of assertions and the `htu` of DPoP proofs. */
export const endpoints = {
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
  sessionToken: '/rest/v1/app/session/token',
  authorizationServerMetadata: '/.well-known/oauth-authorization-server',
  openidConfiguration: '/.well-known/openid-configuration',
  jwks: '/.well-known/jwks.json',
} as const;
