import { json, noStore } from '../../src/http/response.ts';
import type { Response } from '../../src/http/response.ts';

/** A refusal in the form of EQP's errors, with a status that no error of OAuth has. */
export const refusal = (code: number, message: string): Response => json(code, { code, message }, noStore);

export const unknownKey = refusal(404, 'This account has no key with this application_id.');
