import { assertionAlgorithms, authenticationMethods } from '../clients/client.ts';
import { grantTypes } from '../clients/grant-types.ts';
import { endpoints } from './endpoints.ts';

/**
 * Authorization server metadata (RFC 8414 §2). Its lists are the keys of the tables that implement them: the
 * compiler holds `grants` and `clientAuthenticationMethods` to the same names.
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
    // Required, and empty: nobody logs in here, there is no authorization endpoint.
    response_types_supported: [],
    // RFC 9449 §5.1
    dpop_signing_alg_values_supported: assertionAlgorithms,
  };
}
