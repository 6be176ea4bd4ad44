import { assertionAlgorithms } from '../clients/client.ts';
import { errorTable } from '../errors.ts';
import type { ErrorCode, RequestError } from '../errors.ts';
import { json, noStore } from './http-message.ts';
import type { HttpResponse } from './http-message.ts';

/** Seconds after which a client may try again if nothing could be decided. */
const retryAfter = 2;

/** Turns an error into a response. Nothing else does. */
export function errorResponse(failure: RequestError, dialect: ErrorDialect, realm: string): HttpResponse {
  const { status } = errorTable[failure.code];
  const error = { ...failure, description: printable(failure.description) };
  return json(status, errorBodies[dialect](error, status), {
    ...noStore,
    ...(status === 503 && { 'retry-after': String(retryAfter) }),
    ...(error.dpopNonce !== undefined && { 'dpop-nonce': error.dpopNonce }),
    ...acceptable[error.code],
    ...challenge(error, realm),
  });
}

/**
 * The header that repeats a challenge, for response parameter mapping to restore it. API Gateway reserves names that begin
 * with `x-amz-`, `x-amzn-`, `apigw-` and `access-control-`.
 */
export const challengeHeader = 'postern-challenge';

/** A response whose challenge API Gateway can restore if it arrives under another name. */
export function withRepeatedChallenge(response: HttpResponse): HttpResponse {
  const challenged = response.headers?.['www-authenticate'];
  if (challenged === undefined) return response;
  return { ...response, headers: { ...response.headers, [challengeHeader]: challenged } };
}

const mediaTypes = { accept: 'application/x-www-form-urlencoded, application/json' };

/** What a body would have been accepted as (RFC 9110 §15.5.16). */
const acceptable: Partial<Readonly<Record<ErrorCode, Readonly<Record<string, string>>>>> = {
  missing_media_type: mediaTypes,
  unsupported_media_type: mediaTypes,
  unsupported_content_coding: { 'accept-encoding': 'identity' },
};

/** Errors that `WWW-Authenticate` contains (RFC 6750 §3, RFC 9449 §7.1). */
const resourceErrors: ReadonlySet<ErrorCode> = new Set([
  'invalid_token',
  'account_disabled',
  'insufficient_scope',
  'resource_dpop_proof',
  'resource_dpop_nonce',
]);

function challenge(
  { code, description, scope, challenge: scheme }: RequestError,
  realm: string,
): Record<string, string> {
  // RFC 9110 §15.5.2: every 401 has a challenge. RFC 6749 §5.2 demands one that matches the scheme of a client that
  // used the Authorization header, and Basic is the only scheme there is.
  if (code === 'invalid_client') return { 'www-authenticate': `Basic realm="${realm}"` };
  // RFC 6750 §3: the challenge of a request without a token contains no error code.
  if (code === 'missing_token') return { 'www-authenticate': `Bearer realm="${realm}"` };
  if (!resourceErrors.has(code)) return {};
  const parameters = [
    `realm="${realm}"`,
    `error="${errorTable[code].error}"`,
    `error_description="${description}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(scheme === 'DPoP' ? [`algs="${assertionAlgorithms.join(' ')}"`] : []),
  ];
  return { 'www-authenticate': `${scheme ?? 'Bearer'} ${parameters.join(', ')}` };
}

/** The characters that `error_description` may contain: %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §5.2). */
const printable = (description: string) => description.replaceAll(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, '?');

type ErrorBody = (error: RequestError, status: number) => object;

/**
 * RFC 6749 §5.2, with the invalid fields of content that cannot be processed. `scope` is that of the challenge (RFC 6750
 * §3), which may not reach the client: AWS may rename `WWW-Authenticate`.
 */
const rfc6749: ErrorBody = ({ code, description, scope, details }) => ({
  // RFC 6750 §3.1: a request without a token gets no error code.
  ...(errorTable[code].error !== '' && { error: errorTable[code].error }),
  error_description: description,
  ...(scope !== undefined && { scope }),
  ...(details && { details }),
});

/** Adobe's Marketplace EQP API. It has these two members and no others. */
const eqp: ErrorBody = ({ description, scope }, status) => ({
  code: status,
  message: scope === undefined ? description : `${description} It needs the scope ${scope}.`,
});

/** Commerce Layer's names of HTTP statuses. */
const statusNames: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_ENTITY',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
};

/** Commerce Layer's own names and sentences for some errors, which its clients compare. */
const commercelayerErrors: Partial<Readonly<Record<ErrorCode, { title?: string; detail: string }>>> = {
  invalid_client: {
    detail:
      'Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.',
  },
  // Only the assertions of the jwt-bearer grant cause it.
  invalid_grant: { title: 'invalid_assertion', detail: 'The provided assertion is invalid.' },
  // RFC 6750 §3.1 gives it no code, so that `error` is left out. `errors` has no entry without a title.
  missing_token: { title: 'missing_token', detail: errorTable.missing_token.description },
};

/**
 * Commerce Layer. Its clients read `errors` and no other member; standard OAuth clients read `error` and
 * `error_description` (RFC 6749 §5.2), and ignore `errors`.
 */
const commercelayer: ErrorBody = (error, status) => {
  const { title = errorTable[error.code].error, detail = error.description } =
    commercelayerErrors[error.code] ?? {};
  const standard = rfc6749(error, status);
  return {
    ...standard,
    ...('error' in standard && { error: title }),
    errors: [
      {
        title,
        detail,
        code: statusNames[status] ?? 'BAD_REQUEST',
        status,
        meta: error.scope === undefined ? {} : { scope: error.scope },
      },
    ],
  };
};

/** The body of an error response in each dialect of partners' programs. */
const errorBodies = { rfc6749, eqp, commercelayer } as const satisfies Record<string, ErrorBody>;

export type ErrorDialect = keyof typeof errorBodies;
