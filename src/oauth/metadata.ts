import { authenticationMethods } from './client.ts';
import { grants } from './grants.ts';

/** Authorization server metadata (RFC 8414 §2), made from the tables that implement it. */
export function authorizationServerMetadata(issuer: string) {
  return {
    issuer,
    token_endpoint: `${issuer}/oauth/token`,
    token_endpoint_auth_methods_supported: authenticationMethods,
    jwks_uri: `${issuer}/.well-known/jwks.json`,
    grant_types_supported: Object.keys(grants),
    // Required, and empty: nobody logs in here, there is no authorization endpoint.
    response_types_supported: [],
  };
}
