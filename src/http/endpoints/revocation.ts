import { log } from '../../log.ts';
import { revocationParameters, revokeToken } from '../../oauth/revocation.ts';
import type { RevocationContext } from '../../oauth/revocation.ts';
import { ok } from '../../result.ts';
import { parseParameters } from '../body.ts';
import type { EndpointOptions } from '../endpoint.ts';
import { json, noStore } from '../http-response.ts';

/** `POST /oauth/revoke` over HTTP (RFC 7009 §2). */
export function revocationRequest(context: RevocationContext): EndpointOptions['handle'] {
  return async (request) => {
    const parameters = parseParameters(request, revocationParameters);
    if (!parameters.ok) return parameters;
    const revocation = await revokeToken(request.headers['authorization'], parameters.value, context);
    if (!revocation.ok) return revocation;
    const { clientId, revoked } = revocation.value;
    log('INFO', {
      event: revoked ? 'token_revoked' : 'token_unknown',
      requestId: request.requestId,
      clientId,
    });
    return ok(json(200, {}, noStore));
  };
}
