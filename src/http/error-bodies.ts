import { errorTable } from '../errors.ts';
import type { RequestError } from '../errors.ts';

type ErrorBody = (error: RequestError, status: number) => unknown;

/**
 * RFC 6749 §5.2, with the invalid fields of content that cannot be processed. `scope` is that of the challenge (RFC 6750
 * §3), which may not reach the client: AWS may rename `WWW-Authenticate`.
 */
const rfc6749: ErrorBody = ({ code, description, scope, details }) => ({
  error: errorTable[code].error,
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

/** Commerce Layer. A standard OAuth client does not understand it, so a stage must choose it. */
const commercelayer: ErrorBody = ({ code, description, scope }, status) => ({
  errors: [
    {
      title: errorTable[code].error,
      detail: description,
      code: statusNames[status] ?? 'BAD_REQUEST',
      status,
      meta: scope === undefined ? {} : { scope },
    },
  ],
});

/** The body of an error response in each dialect of partners' programs. */
export const errorBodies = { rfc6749, eqp, commercelayer } as const satisfies Record<string, ErrorBody>;

export type ErrorDialect = keyof typeof errorBodies;

/** The dialects that a stage may choose for its OAuth endpoints. */
export const oauthDialects = ['rfc6749', 'commercelayer'] as const;
