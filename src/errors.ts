import { failed } from './result.ts';

interface ErrorDefinition {
  /** What the client reads as `error`. */
  readonly error: string;
  /** HTTP status. */
  readonly status: number;
  /** What the client reads where the place that failed has nothing better to say. */
  readonly description: string;
}

/** Every error that a client can meet. What is not in this table is a `server_error`. */
export const errorTable = {
  // RFC 6749 §5.2
  invalid_request: { error: 'invalid_request', status: 400, description: 'The request is malformed.' },
  invalid_client: { error: 'invalid_client', status: 401, description: 'Client authentication failed.' },
  invalid_grant: { error: 'invalid_grant', status: 400, description: 'The grant is not valid.' },
  unauthorized_client: {
    error: 'unauthorized_client',
    status: 400,
    description: 'This client may not use this grant type.',
  },
  unsupported_grant_type: {
    error: 'unsupported_grant_type',
    status: 400,
    description: 'This grant type is not supported.',
  },
  invalid_scope: { error: 'invalid_scope', status: 400, description: 'The scope is not valid.' },
  // RFC 8707 §2
  invalid_target: {
    error: 'invalid_target',
    status: 400,
    description: 'The resource or audience is unknown, or not allowed for this client.',
  },
  // RFC 9449 §5 and §8
  invalid_dpop_proof: {
    error: 'invalid_dpop_proof',
    status: 400,
    description: 'The DPoP proof is missing or not valid.',
  },
  use_dpop_nonce: {
    error: 'use_dpop_nonce',
    status: 400,
    description: 'The DPoP proof must have the nonce that comes with this answer.',
  },
  // Commerce Layer's answer to who revokes what is not its own (RFC 7009 §2.1 leaves the code open).
  token_of_another_client: {
    error: 'unauthorized_client',
    status: 403,
    description: 'You are not authorized to revoke this token',
  },
  introspection_not_allowed: {
    error: 'unauthorized_client',
    status: 403,
    description: 'This client may not introspect tokens.',
  },
  // RFC 6750 §3.1. Without a token there is no error code, only a challenge.
  missing_token: { error: '', status: 401, description: 'An access token is required.' },
  invalid_token: {
    error: 'invalid_token',
    status: 401,
    description: 'The token is malformed, unknown, expired or revoked.',
  },
  insufficient_scope: {
    error: 'insufficient_scope',
    status: 403,
    description: 'The token lacks the scope that this needs.',
  },
  // RFC 9449 §7.1 and §9: at a resource the same errors are a 401 with a challenge.
  resource_dpop_proof: {
    error: 'invalid_dpop_proof',
    status: 401,
    description: 'The DPoP proof is missing or not valid.',
  },
  resource_dpop_nonce: {
    error: 'use_dpop_nonce',
    status: 401,
    description: 'The DPoP proof must have the nonce that comes with this answer.',
  },
  // RFC 9110 §15.5.14, §15.5.16
  content_too_large: {
    error: 'invalid_request',
    status: 413,
    description: 'The body is larger than 16384 bytes.',
  },
  unsupported_media_type: {
    error: 'invalid_request',
    status: 415,
    description: 'The body must be application/x-www-form-urlencoded or application/json.',
  },
  // RFC 6749 §4.1.2.1 names them for the authorization endpoint; there is nothing better for ours.
  server_error: { error: 'server_error', status: 500, description: 'The server failed.' },
  temporarily_unavailable: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot decide this now. Try again in a moment.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorTable;

/** A failure on its way to a client. */
export interface OAuthError {
  readonly code: ErrorCode;
  /** For the client; must repeat nothing that it sent but names of parameters. */
  readonly description: string;
  /** For the operator's log alone: which of the causes that a client must not tell apart. */
  readonly reason?: string;
  /** The client that failed, where it is one that is registered: for the log. */
  readonly clientId?: string;
  /** The scope that would have been enough (RFC 6750 §3). */
  readonly scope?: string;
  /** The scheme that the client tried to authenticate with (RFC 6749 §5.2), or presented its token with. */
  readonly challenge?: 'Basic' | 'DPoP';
  /** A nonce for the client's next DPoP proof (RFC 9449 §8). */
  readonly dpopNonce?: string;
}

export function oauthError(
  code: ErrorCode,
  description: string = errorTable[code].description,
  more: Omit<OAuthError, 'code' | 'description'> = {},
): OAuthError {
  return { code, description, ...more };
}

/** `failed(oauthError(…))`, which is how nearly every rule of the protocol ends. */
export const refuse = (...args: Parameters<typeof oauthError>) => failed(oauthError(...args));
