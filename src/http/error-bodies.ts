import { errorTable } from '../errors.ts';
import type { ErrorCode, RequestError } from '../errors.ts';

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
export const errorBodies = { rfc6749, eqp, commercelayer } as const satisfies Record<string, ErrorBody>;

export type ErrorDialect = keyof typeof errorBodies;
