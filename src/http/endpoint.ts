import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { errorTable, oauthError } from '../errors.ts';
import type { OAuthError } from '../errors.ts';
import { causeOf, log } from '../log.ts';
import type { Result } from '../result.ts';
import { Unavailable } from '../unavailable.ts';
import { errorResponse } from './error-response.ts';
import type { ErrorDialect } from './error-response.ts';
import { requestOf } from './http-request.ts';
import type { Request } from './http-request.ts';
import type { Response } from './http-response.ts';

export interface EndpointOptions {
  readonly dialect: ErrorDialect;
  /** Name of the stage, and of its realm (RFC 9110 §11.5). */
  readonly stage: string;
  readonly handle: (request: Request) => Promise<Result<Response, OAuthError>>;
}

/** A Lambda handler that answers every request, whatever happens, and logs every one that failed. */
export function endpoint({ dialect, stage, handle }: EndpointOptions) {
  return async (event: APIGatewayProxyEventV2): Promise<Response> => {
    const request = requestOf(event);
    const result = await attempt(handle, request);
    if (result.ok) return result.value;
    const { code, reason, clientId } = result.error;
    const { status } = errorTable[code];
    if (status < 500) {
      log('WARN', {
        event: 'request_refused',
        requestId: request.requestId,
        status,
        error: code,
        ...(reason !== undefined && { reason }),
        ...(clientId !== undefined && { clientId }),
      });
    }
    return errorResponse(result.error, dialect, stage);
  };
}

async function attempt(
  handle: EndpointOptions['handle'],
  request: Request,
): Promise<Result<Response, OAuthError>> {
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
    return { ok: false, error: oauthError(code) };
  }
}
