import { assertionAlgorithms, authenticationMethods, grantTypes } from '../clients/client.ts';
import { endpoints } from './endpoints.ts';

/**
 * Authorization server metadata (RFC 8414 §2). The compiler ensures that the tables of grants and of client
 * authentication methods have exactly the names that are listed here.
 */
export function authorizationServerMetadata(issuer: string, signingAlgorithms: readonly string[]) {
  return {
    issuer,
    token_endpoint: issuer + endpoints.token,
    token_endpoint_auth_methods_supported: authenticationMethods,
    token_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    revocation_endpoint: issuer + endpoints.revocation,
    revocation_endpoint_auth_methods_supported: authenticationMethods,
    revocation_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    introspection_endpoint: issuer + endpoints.introspection,
    introspection_endpoint_auth_methods_supported: authenticationMethods.filter(
      (method) => method !== 'none',
    ),
    introspection_endpoint_auth_signing_alg_values_supported: assertionAlgorithms,
    // RFC 9701 §7
    introspection_signing_alg_values_supported: signingAlgorithms,
    jwks_uri: issuer + endpoints.jwks,
    grant_types_supported: grantTypes,
    // Required, and empty, because there is no authorization endpoint.
    response_types_supported: [],
    // RFC 9449 §5.1
    dpop_signing_alg_values_supported: assertionAlgorithms,
  };
}
