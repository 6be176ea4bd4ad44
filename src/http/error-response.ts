import { assertionAlgorithms } from '../clients/client.ts';
import { errorTable } from '../errors.ts';
import type { ErrorCode, RequestError } from '../errors.ts';
import { challengeHeader } from '../oauth/challenge-header.ts';
import { errorBodies } from './error-bodies.ts';
import type { ErrorDialect } from './error-bodies.ts';
import { json, noStore } from './http-response.ts';
import type { HttpResponse } from './http-response.ts';

/** Seconds after which a client may try again if nothing could be decided. */
const retryAfter = 2;

/** Turns an error into a response. Nothing else does. */
export function errorResponse(failure: RequestError, dialect: ErrorDialect, realm: string): HttpResponse {
  const { status } = errorTable[failure.code];
  const error = { ...failure, description: printable(failure.description) };
  return json(status, errorBodies[dialect](error, status), {
    ...noStore,
    ...(status === 503 && { 'retry-after': String(retryAfter) }),
    ...(error.dpopNonce !== undefined && { 'dpop-nonce': error.dpopNonce }),
    ...acceptable[error.code],
    ...challenge(error, realm),
  });
}

/** A response whose challenge API Gateway can restore if it arrives under another name. */
export function withRepeatedChallenge(response: HttpResponse): HttpResponse {
  const challenged = response.headers?.['www-authenticate'];
  if (challenged === undefined) return response;
  return { ...response, headers: { ...response.headers, [challengeHeader]: challenged } };
}

const mediaTypes = { accept: 'application/x-www-form-urlencoded, application/json' };

/** What a body would have been accepted as (RFC 9110 §15.5.16). */
const acceptable: Partial<Readonly<Record<ErrorCode, Readonly<Record<string, string>>>>> = {
  missing_media_type: mediaTypes,
  unsupported_media_type: mediaTypes,
  unsupported_content_coding: { 'accept-encoding': 'identity' },
};

/** Errors that `WWW-Authenticate` contains (RFC 6750 §3, RFC 9449 §7.1). */
const resourceErrors: ReadonlySet<ErrorCode> = new Set([
  'invalid_token',
  'account_disabled',
  'insufficient_scope',
  'resource_dpop_proof',
  'resource_dpop_nonce',
]);

function challenge(
  { code, description, scope, challenge: scheme }: RequestError,
  realm: string,
): Record<string, string> {
  // RFC 9110 §15.5.2: every 401 has a challenge. RFC 6749 §5.2 demands one that matches the scheme of a client that
  // used the Authorization header, and Basic is the only scheme there is.
  if (code === 'invalid_client') return { 'www-authenticate': `Basic realm="${realm}"` };
  // RFC 6750 §3: the challenge of a request without a token contains no error code.
  if (code === 'missing_token') return { 'www-authenticate': `Bearer realm="${realm}"` };
  if (!resourceErrors.has(code)) return {};
  const parameters = [
    `realm="${realm}"`,
    `error="${errorTable[code].error}"`,
    `error_description="${description}"`,
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
    ...(scheme === 'DPoP' ? [`algs="${assertionAlgorithms.join(' ')}"`] : []),
  ];
  return { 'www-authenticate': `${scheme ?? 'Bearer'} ${parameters.join(', ')}` };
}

/** The characters that `error_description` may contain: %x20-21 / %x23-5B / %x5D-7E (RFC 6749 §5.2). */
const printable = (description: string) => description.replaceAll(/[^\x20\x21\x23-\x5B\x5D-\x7E]/g, '?');
