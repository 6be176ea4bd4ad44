import type { GatewayRequest } from './request.ts';
import type { RouteMatch } from './route.ts';

/** Reads one value of a request; undefined or empty where the request has none. */
export type RequestValue = (request: GatewayRequest, match: RouteMatch) => string | undefined;

const contextVariables: Readonly<Record<string, RequestValue>> = {
  routeKey: (_, { route }) => route.routeKey,
  httpMethod: ({ method }) => method,
  path: ({ rawPath }) => rawPath,
  protocol: ({ protocol }) => protocol,
  domainName: ({ host }) => host,
  requestId: ({ id }) => id,
  requestTimeEpoch: ({ receivedAt }) => String(Math.floor(receivedAt.getTime() / 1_000)),
  stage: () => '$default',
  'identity.sourceIp': ({ sourceIp }) => sourceIp,
  'identity.userAgent': ({ headers }) => headers['user-agent'],
};

/** The variable of `$context.` with this name; undefined where it is not known locally. */
export const contextVariable = (name: string): RequestValue | undefined =>
  Object.hasOwn(contextVariables, name) ? contextVariables[name] : undefined;
