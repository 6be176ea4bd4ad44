import { sessionGrantType } from '../../clients/client.ts';
import type { Log } from '../../log.ts';
import { ok } from '../../result.ts';
import { openSession } from '../../sessions/session-request.ts';
import type { SessionCapabilities } from '../../sessions/session-request.ts';
import { isForm, parseBody, stringParameters } from '../body.ts';
import type { RequestHandler } from '../endpoint.ts';
import type { HttpRequest } from '../http-message.ts';
import { json } from '../http-message.ts';

/** `POST /rest/v1/app/session/token`, as Adobe's Marketplace EQP API has it. */
export function sessionTokenEndpoint(options: SessionCapabilities & { readonly log: Log }): RequestHandler {
  return async (request) => {
    const members = parseBody(request);
    if (!members.ok) return members;
    const parameters = stringParameters(members.value, ['grant_type', 'client_id', 'client_secret']);
    if (!parameters.ok) return parameters;
    const opened = await openSession(
      {
        ...parameters.value,
        authorization: request.headers['authorization'],
        origin: request.headers['origin'],
        expires_in: parseSeconds(members.value.get('expires_in'), request),
      },
      options,
    );
    if (!opened.ok) return opened;
    const { response, clientId, sessionId } = opened.value;
    options.log('INFO', {
      event: 'session_opened',
      requestId: request.requestId,
      clientId,
      grantType: sessionGrantType,
      sessionId,
    });
    return ok(json(200, response));
  };
}

/** Every value of a form is a string. In JSON a number must be a number. */
const parseSeconds = (value: unknown, request: HttpRequest): unknown =>
  typeof value === 'string' && /^\d+$/.test(value) && isForm(request) ? Number(value) : value;
