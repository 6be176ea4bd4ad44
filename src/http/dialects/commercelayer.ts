import { errorTable } from '../../errors.ts';
import type { ErrorBody } from '../error-response.ts';

/** Names of statuses, as Commerce Layer writes them. */
const names: Readonly<Record<number, string>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  500: 'INTERNAL_SERVER_ERROR',
  503: 'SERVICE_UNAVAILABLE',
};

/** Commerce Layer's. It is no error of OAuth to a standard client: a stage must choose it. */
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
