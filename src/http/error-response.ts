import { errorTable } from '../oauth/errors.ts';
import type { OAuthError } from '../oauth/errors.ts';
import { json, noStore } from './response.ts';
import type { Response } from './response.ts';

/** Seconds after which a client may try again when nothing could be decided. */
const retryAfter = 2;

/** The body that a kind of client reads its errors from. */
type ErrorBody = (error: OAuthError, status: number) => unknown;

/** Each dialect that partners' programs speak. */
const errorDialects = {
  /** RFC 6749 §5.2 */
  rfc6749: (error) => ({
    error: errorTable[error.code].error,
    error_description: printable(error.description),
  }),
  /** Adobe's Marketplace EQP API */
  eqp: (error, status) => ({ code: status, message: printable(error.description) }),
} as const satisfies Record<string, ErrorBody>;

export type ErrorDialect = keyof typeof errorDialects;

/** The one place that turns an error into an answer. */
export function errorResponse(error: OAuthError, dialect: ErrorDialect, realm: string): Response {
  const { status } = errorTable[error.code];
  return json(status, errorDialects[dialect](error, status), {
    ...noStore,
    ...(status === 503 && { 'retry-after': String(retryAfter) }),
    ...(error.dpopNonce !== undefined && { 'dpop-nonce': error.dpopNonce }),
    ...challenge(error, realm),
  });
}

function challenge(error: OAuthError, realm: string): Record<string, string> {
  const { code, scope } = error;
  if (code === 'invalid_client' && error.challenge) {
    return { 'www-authenticate': `${error.challenge} realm="${realm}"` };
  }
  // RFC 6750 §3: a request without a token learns of no error code.
  if (code === 'missing_token') return { 'www-authenticate': `Bearer realm="${realm}"` };
  if (code === 'invalid_token' || code === 'insufficient_scope') {
    const parameters = [
      `realm="${realm}"`,
      `error="${code}"`,
      `error_description="${printable(error.description)}"`,
      ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ];
    return { 'www-authenticate': `Bearer ${parameters.join(', ')}` };
  }
  return {};
}

/** What `error_description` may hold: %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §5.2). */
const printable = (text: string) => text.replaceAll(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, '?');
