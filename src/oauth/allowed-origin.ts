import type { Client } from '../clients/client.ts';
import { requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';

/**
 * The error of a token request that comes from a web page whose origin the client is not registered for. Browsers send
 * `Origin` with every POST (Fetch, "`Origin` header"), and no page can change it. A request without it does not come from
 * a web page. Other programs can send whatever they like: this restricts pages, and does not authenticate the client.
 *
 * Origins are compared character by character, because both sides are serialized (RFC 6454 §6.2). `null`, which is the
 * origin of sandboxed frames and of local files of anyone, cannot be registered.
 */
export function allowedOriginError(
  { id, allowedOrigins }: Client,
  origin: string | undefined,
): RequestError | undefined {
  const isAllowed = origin === undefined || allowedOrigins.length === 0 || allowedOrigins.includes(origin);
  if (isAllowed) return undefined;
  return requestError('origin_not_allowed', undefined, { reason: 'origin_not_allowed', clientId: id });
}
