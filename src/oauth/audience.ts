import type { Client } from '../clients/client.ts';
import { errorResult } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { ok } from '../result.ts';
import type { Result } from '../result.ts';

/**
 * The audience of a token: the one that `resource` or `audience` requests, if the client is registered for it, or
 * the default (RFC 8707 §2). A token has one audience, which limits what a stolen one can be used for (RFC 9700 §2.3).
 */
export function grantAudience(
  client: Client,
  { resource, audience }: { readonly resource?: string; readonly audience?: string },
  defaultAudience: string,
): Result<string, RequestError> {
  if (resource !== undefined && audience !== undefined && resource !== audience) {
    return errorResult('invalid_target', 'Request one audience: resource and audience differ.', {
      clientId: client.id,
    });
  }
  const requested = resource ?? audience ?? defaultAudience;
  if (requested === defaultAudience || client.audiences.includes(requested)) return ok(requested);
  return errorResult('invalid_target', undefined, { clientId: client.id });
}
