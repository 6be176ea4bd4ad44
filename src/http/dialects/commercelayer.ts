import { errorTable } from '../../errors.ts';
import type { ErrorBody } from '../error-response.ts';

/** Commerce Layer's names of HTTP statuses. */
const names: Readonly<Record<number, string>> = {
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
export const commercelayer: ErrorBody = ({ code, description }, status) => ({
  errors: [
    {
      title: errorTable[code].error,
      detail: description,
      code: names[status] ?? 'BAD_REQUEST',
      status,
      meta: {},
    },
  ],
});
