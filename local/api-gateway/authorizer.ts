import type { JsonObject } from '../template/json.ts';
import type { GatewayRequest } from './request.ts';
import type { GatewayResponse } from './response.ts';
import type { RouteMatch } from './route.ts';

/** Allowed, with what the integration is told of the caller; or refused, with the gateway's response. */
export type Authorization =
  | { readonly allowed: true; readonly context: JsonObject }
  | { readonly allowed: false; readonly response: GatewayResponse };

export interface Authorizer {
  authorize(request: GatewayRequest, match: RouteMatch): Promise<Authorization>;
}

export function refused(
  status: number,
  message: string,
  headers?: Readonly<Record<string, string>>,
): Authorization {
  return { allowed: false, response: { status, message, ...(headers && { headers }) } };
}
