import type { ErrorBody } from '../error-response.ts';
import { json, noStore } from '../http-response.ts';
import type { Response } from '../http-response.ts';

/** Adobe's Marketplace EQP API */
export const eqp: ErrorBody = ({ description }, status) => ({ code: status, message: description });

/** A refusal in the same form, with a status that no error of OAuth has. */
export const eqpRefusal = (code: number, message: string): Response => json(code, { code, message }, noStore);
