import { errorTable } from '../../errors.ts';
import type { ErrorBody } from '../error-response.ts';

/** RFC 6749 §5.2, with the invalid fields of content that cannot be processed. */
export const rfc6749: ErrorBody = ({ code, description, details }) => ({
  error: errorTable[code].error,
  error_description: description,
  ...(details && { details }),
});
