import { log } from '../../log.ts';
import { tokenParameters } from '../../oauth/grants.ts';
import { requestToken } from '../../oauth/token-request.ts';
import type { TokenEndpointContext } from '../../oauth/token-request.ts';
import { ok } from '../../result.ts';
import { parseParameters } from '../body.ts';
import type { EndpointOptions } from '../endpoint.ts';
import { json, noStore } from '../http-response.ts';

/** `POST /oauth/token` over HTTP (RFC 6749 §3.2). */
export function tokenRequest(context: TokenEndpointContext): EndpointOptions['handle'] {
  return async (request) => {
    const parameters = parseParameters(request, tokenParameters);
    if (!parameters.ok) return parameters;
    const issued = await requestToken(
      {
        authorization: request.headers['authorization'],
        dpop: request.headers['dpop'],
        parameters: parameters.value,
      },
      context,
    );
    if (!issued.ok) return issued;
    const { response, clientId, grantType } = issued.value;
    log('INFO', {
      event: 'token_issued',
      requestId: request.requestId,
      clientId,
      grantType,
      scope: response.scope,
    });
    return ok(json(200, response, noStore));
  };
}
