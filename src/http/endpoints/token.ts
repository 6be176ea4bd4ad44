import type { Log } from '../../log.ts';
import { severalTargets } from '../../oauth/audience.ts';
import { tokenParameters } from '../../oauth/grant.ts';
import { issueToken } from '../../oauth/token-request.ts';
import type { TokenCapabilities } from '../../oauth/token-request.ts';
import { ok } from '../../result.ts';
import { parseParameters } from '../body.ts';
import type { RequestHandler } from '../endpoint.ts';
import { json } from '../http-message.ts';

/** Parameters that may be sent more than once by their RFCs. */
const singleTarget = { resource: severalTargets, audience: severalTargets };

/** `POST /oauth/token` (RFC 6749 §3.2). */
export function tokenEndpoint(options: TokenCapabilities & { readonly log: Log }): RequestHandler {
  return async (request) => {
    const parameters = parseParameters(request, tokenParameters, singleTarget);
    if (!parameters.ok) return parameters;
    const issued = await issueToken(
      {
        authorization: request.headers['authorization'],
        dpop: request.headers['dpop'],
        origin: request.headers['origin'],
        parameters: parameters.value,
      },
      options,
    );
    if (!issued.ok) return issued;
    const { response, clientId, grantType, jti, kid } = issued.value;
    options.log('INFO', {
      event: 'token_issued',
      requestId: request.requestId,
      clientId,
      grantType,
      scope: response.scope,
      jti,
      kid,
    });
    return ok(json(200, response));
  };
}
