import type { Client } from '../clients/client.ts';
import { errorResult, requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { failed, ok } from '../result.ts';
import type { Result } from '../result.ts';

/**
 * RFC 8707 §2 and RFC 8693 §2.1 allow a request to name several targets. A token has one audience, which limits what a
 * stolen one can be used for (RFC 9700 §2.3).
 */
export const severalTargets = requestError(
  'invalid_target',
  'A token has one audience: send one resource or audience.',
);

/**
 * The audience of a token: the one that `resource` or `audience` requests, if the client is registered for it, or
 * the default (RFC 8707 §2). Both parameters mean the same for every grant: some clients send the audience of a client
 * credentials grant as `audience`, and a token for another audience than the requested one would fail at its first call.
 */
export function grantAudience(
  client: Client,
  { resource, audience }: { readonly resource?: string; readonly audience?: string },
  defaultAudience: string,
): Result<string, RequestError> {
  if (resource !== undefined && audience !== undefined && resource !== audience) {
    return failed({ ...severalTargets, clientId: client.id });
  }
  const requested = resource ?? audience ?? defaultAudience;
  if (requested === defaultAudience || client.audiences.includes(requested)) return ok(requested);
  return errorResult('invalid_target', undefined, { clientId: client.id });
}
