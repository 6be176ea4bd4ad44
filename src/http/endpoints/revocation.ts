import type { Log } from '../../log.ts';
import { revocationParameters, revokeToken } from '../../oauth/revocation.ts';
import type { RevocationCapabilities } from '../../oauth/revocation.ts';
import { ok } from '../../result.ts';
import { parseParameters } from '../body.ts';
import type { RequestHandler } from '../endpoint.ts';
import { json } from '../http-message.ts';
import { loggedNames } from '../logged-names.ts';

/** `POST /oauth/revoke` (RFC 7009 §2). */
export function revocationEndpoint(options: RevocationCapabilities & { readonly log: Log }): RequestHandler {
  return async (request) => {
    const parameters = parseParameters(request, revocationParameters);
    if (!parameters.ok) return parameters;
    const revocation = await revokeToken(request.headers['authorization'], parameters.value, options);
    if (!revocation.ok) return revocation;
    const { clientId, revoked } = revocation.value;
    options.log('INFO', {
      event: revoked ? 'token_revoked' : 'token_unknown',
      requestId: request.requestId,
      clientId,
      ...(revoked && loggedNames(revoked)),
    });
    return ok(json(200, {}));
  };
}
