import { assertionAlgorithms, authenticationMethods, grantTypes } from '../clients/client.ts';
import { endpoints } from './endpoints.ts';

/** What the metadata states of a stage, besides what all stages have in common. */
interface PublishedStage {
  readonly issuer: string;
  /** The algorithms of the published keys. */
  readonly signingAlgorithms: readonly string[];
  /** The scopes that a partner may see. */
  readonly scopes: readonly string[];
}

/**
 * Authorization server metadata (RFC 8414 §2). The compiler ensures that the tables of grants and of client
 * authentication methods have exactly the names that are listed here.
 */
export function authorizationServerMetadata({ issuer, signingAlgorithms, scopes }: PublishedStage) {
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
    // RFC 8414 §3.2: a list without elements is left out.
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    grant_types_supported: grantTypes,
    // Required, and empty, because there is no authorization endpoint.
    response_types_supported: [],
    // RFC 9449 §5.1
    dpop_signing_alg_values_supported: assertionAlgorithms,
  };
}

/**
 * The same metadata for OpenID Connect libraries (RFC 8414 §5), which refuse a document without the members that OpenID
 * Connect Discovery 1.0 §3 requires. There is no authorization endpoint to name, and no ID token is ever issued.
 */
export const openidConfiguration = (stage: PublishedStage) => ({
  ...authorizationServerMetadata(stage),
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: stage.signingAlgorithms,
});
