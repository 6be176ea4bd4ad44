import { errorTable } from '../../errors.ts';
import type { ErrorBody } from '../error-response.ts';

/** RFC 6749 §5.2 */
export const rfc6749: ErrorBody = ({ code, description }) => ({
  error: errorTable[code].error,
  error_description: description,
});
