import { log } from '../../log.ts';
import { ok } from '../../result.ts';
import { openSession, sessionGrantType } from '../../sessions/session-request.ts';
import type { SessionGrantContext } from '../../sessions/session-request.ts';
import { isForm, parseBody, textParameters } from '../body.ts';
import type { EndpointOptions } from '../endpoint.ts';
import type { Request } from '../http-request.ts';
import { json, noStore } from '../http-response.ts';

/** `POST /rest/v1/app/session/token` over HTTP. */
export function sessionRequest(context: SessionGrantContext): EndpointOptions['handle'] {
  return async (request) => {
    const members = parseBody(request);
    if (!members.ok) return members;
    const parameters = textParameters(members.value, ['grant_type', 'client_id', 'client_secret']);
    if (!parameters.ok) return parameters;
    const opened = await openSession(
      request.headers['authorization'],
      { ...parameters.value, expires_in: secondsIn(members.value.get('expires_in'), request) },
      context,
    );
    if (!opened.ok) return opened;
    log('INFO', {
      event: 'session_opened',
      requestId: request.requestId,
      clientId: opened.value.clientId,
      grantType: sessionGrantType,
    });
    return ok(json(200, opened.value.response, noStore));
  };
}

/** In a form every value is text; in JSON a number must be one. */
const secondsIn = (value: unknown, request: Request): unknown =>
  typeof value === 'string' && /^\d+$/.test(value) && isForm(request) ? Number(value) : value;
