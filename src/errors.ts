import { failed } from './result.ts';
import type { Result } from './result.ts';

interface ErrorDefinition {
  /** What the client reads as `error`. */
  readonly error: string;
  /** HTTP status. */
  readonly status: number;
  /** What the client reads where the failing code has no description of its own. */
  readonly description: string;
}

/** Every error that a client can receive. Anything that is not in this table is a `server_error`. */
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
  // RFC 6749 §5.2 has no code for it. This one says that the client itself is known and may not do this.
  origin_not_allowed: {
    error: 'unauthorized_client',
    status: 400,
    description: 'This client may not be used by web pages of this origin.',
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
    description: 'The DPoP proof must contain the nonce of this response.',
  },
  // Commerce Layer's response to a client that revokes another client's token. RFC 7009 §2.1 leaves the code open.
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
  // RFC 6750 §3.1. A request without a token gets no error code, only a challenge.
  missing_token: { error: '', status: 401, description: 'An access token is required.' },
  invalid_token: {
    error: 'invalid_token',
    status: 401,
    description: 'The token is malformed, unknown, expired or revoked.',
  },
  // Its holder opened the session with a secret, so that it may learn why the session has ended.
  account_disabled: {
    error: 'invalid_token',
    status: 401,
    description: 'The account of this session is disabled. Its operator alone can enable it.',
  },
  insufficient_scope: {
    error: 'insufficient_scope',
    status: 403,
    description: 'The token lacks the scope that this request needs.',
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
    description: 'The DPoP proof must contain the nonce of this response.',
  },
  // RFC 9110 §15.5.4, §15.5.5, §15.5.10, §15.5.21: errors of the resources behind the tokens.
  forbidden: { error: 'forbidden', status: 403, description: 'This is not allowed.' },
  not_found: { error: 'not_found', status: 404, description: 'There is no such resource.' },
  conflict: {
    error: 'conflict',
    status: 409,
    description: 'The request conflicts with the current state of the resource.',
  },
  unprocessable: { error: 'invalid_request', status: 422, description: 'The content is not valid.' },
  // RFC 9110 §15.5.14, §15.5.16
  content_too_large: {
    error: 'invalid_request',
    status: 413,
    description: 'The body is larger than 16384 bytes.',
  },
  missing_media_type: {
    error: 'invalid_request',
    status: 415,
    description:
      'Content-Type is missing: it must be application/x-www-form-urlencoded or application/json, as the body is.',
  },
  unsupported_media_type: {
    error: 'invalid_request',
    status: 415,
    description:
      'The media type of the body is not supported: it must be application/x-www-form-urlencoded or application/json.',
  },
  unsupported_content_coding: {
    error: 'invalid_request',
    status: 415,
    description: 'The body must not be compressed or encoded: Content-Encoding may only be identity.',
  },
  // RFC 6749 §4.1.2.1 defines these two for the authorization endpoint. No RFC defines others for the token endpoint.
  server_error: { error: 'server_error', status: 500, description: 'The server failed.' },
  temporarily_unavailable: {
    error: 'temporarily_unavailable',
    status: 503,
    description: 'The server cannot decide this now. Try again in a moment.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof errorTable;

/** An error that a client receives as the response to its request. */
export interface RequestError {
  readonly code: ErrorCode;
  /** For the client. It must repeat nothing that the client sent except names of parameters. */
  readonly description: string;
  /** For the operator's log only: the cause, where clients must not be able to tell causes apart. */
  readonly reason?: string;
  /** The registered client whose request failed, for the log. */
  readonly clientId?: string;
  /** `jti` of the JWT that was refused, for the log, once its signature has been verified. */
  readonly jti?: string;
  /** The authorizer has logged and counted it, and the integration only responds. */
  readonly isLogged?: true;
  /** The scope that would have been sufficient (RFC 6750 §3). */
  readonly scope?: string;
  /** The scheme that the client presented its token with, if it is not Bearer. */
  readonly challenge?: 'DPoP';
  /** A nonce for the client's next DPoP proof (RFC 9449 §8). */
  readonly dpopNonce?: string;
  /** Every field of the content that is not valid. */
  readonly details?: readonly FieldProblem[];
}

export interface FieldProblem {
  /** Path of the field in the content, such as `customer.address.country`. */
  readonly field: string;
  /** What is wrong with it, to be read after the field's name. */
  readonly message: string;
}

export function requestError(
  code: ErrorCode,
  description: string = errorTable[code].description,
  details: Omit<RequestError, 'code' | 'description'> = {},
): RequestError {
  return { code, description, ...details };
}

/** `failed(requestError(…))`. */
export const errorResult = (...args: Parameters<typeof requestError>): Result<never, RequestError> =>
  failed(requestError(...args));
