import type { ErrorBody } from '../error-response.ts';

/** Adobe's Marketplace EQP API. */
export const eqp: ErrorBody = ({ description }, status) => ({ code: status, message: description });
