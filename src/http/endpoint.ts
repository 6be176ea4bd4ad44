import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { errorTable, requestError } from '../errors.ts';
import type { RequestError } from '../errors.ts';
import { causeOf } from '../log.ts';
import type { Log, LogFields } from '../log.ts';
import { failed } from '../result.ts';
import type { Result } from '../result.ts';
import { Unavailable } from '../unavailable.ts';
import { errorResponse, withRepeatedChallenge } from './error-response.ts';
import type { ErrorDialect } from './error-response.ts';
import { parseHttpRequest } from './http-message.ts';
import type { HttpRequest, HttpResponse } from './http-message.ts';

/** The logic of an endpoint. */
export type RequestHandler = (request: HttpRequest) => Promise<Result<HttpResponse, RequestError>>;

/** The handler of a Lambda function behind API Gateway. */
export type LambdaHandler = (event: APIGatewayProxyEventV2) => Promise<HttpResponse>;

interface EndpointOptions {
  readonly dialect: ErrorDialect;
  /** Name of the stage, which is also the realm of its challenges (RFC 9110 §11.5). */
  readonly stage: string;
  /** Whether responses repeat their challenge in a header of our own. */
  readonly restoreChallenges?: boolean;
  readonly log: Log;
  readonly handle: RequestHandler;
}

/** A Lambda handler that responds to every request, whatever fails, and logs each failure once. */
export function endpoint({
  dialect,
  stage,
  restoreChallenges = false,
  log,
  handle,
}: EndpointOptions): LambdaHandler {
  return async (event) => {
    const request = parseHttpRequest(event);
    const result = await handleOrFail(handle, request, log);
    if (result.ok) return result.value;
    const { code, reason, clientId, isLogged = false } = result.error;
    const { status } = errorTable[code];
    if (status < 500) {
      log('WARN', {
        event: isLogged ? 'denial_returned' : 'request_refused',
        requestId: request.requestId,
        status,
        error: code,
        ...(reason !== undefined && { reason }),
        ...(clientId !== undefined && { clientId }),
      });
    }
    const response = errorResponse(result.error, dialect, stage);
    return restoreChallenges ? withRepeatedChallenge(response) : response;
  };
}

/** The last line of a request that no other line tells the end of. */
export const requestCompleted = (
  { requestContext }: APIGatewayProxyEventV2,
  { statusCode = 200 }: HttpResponse,
): LogFields => ({ event: 'request_completed', requestId: requestContext.requestId, status: statusCode });

async function handleOrFail(
  handle: RequestHandler,
  request: HttpRequest,
  log: Log,
): ReturnType<RequestHandler> {
  try {
    return await handle(request);
  } catch (thrown) {
    const code = thrown instanceof Unavailable ? 'temporarily_unavailable' : 'server_error';
    log('ERROR', {
      event: 'request_failed',
      requestId: request.requestId,
      status: errorTable[code].status,
      error: code,
      ...causeOf(thrown),
    });
    return failed(requestError(code));
  }
}

/**
 * The routes that read a resource: HEAD is answered as GET is, and the gateway leaves out the content (RFC 9110
 * §9.3.2).
 */
export const readRoutes = (
  path: string,
  handler: LambdaHandler,
): Readonly<Record<string, LambdaHandler>> => ({
  [`GET ${path}`]: handler,
  [`HEAD ${path}`]: handler,
});

/** A Lambda handler of several routes, by their route keys. */
export function routes(handlers: Readonly<Record<string, LambdaHandler>>): LambdaHandler {
  const byRouteKey = new Map(Object.entries(handlers));
  return async (event) => {
    const handler = byRouteKey.get(event.routeKey);
    if (!handler) throw new Error('API Gateway sent a request to this function that it has no handler for');
    return handler(event);
  };
}
