import type { JsonObject } from '../template/json.ts';
import type { GatewayRequest } from './request.ts';
import type { GatewayAnswer } from './response.ts';
import type { RouteMatch } from './route.ts';

/** Let through, with what the integration is told of the caller; or refused, with the gateway's answer. */
export type Authorization =
  | { readonly allowed: true; readonly context: JsonObject }
  | { readonly allowed: false; readonly answer: GatewayAnswer };

export interface Authorizer {
  authorize(request: GatewayRequest, match: RouteMatch): Promise<Authorization>;
}

export function refused(
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Authorization {
  return { allowed: false, answer: { status, message, ...(headers && { headers }) } };
}
