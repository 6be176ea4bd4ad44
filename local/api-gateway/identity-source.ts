import { LocalFailure } from '../failure.ts';
import type { GatewayRequest } from './request.ts';
import type { RouteMatch } from './route.ts';

/** Reads one value of a request; undefined or empty where the request has none. */
export type IdentitySource = (request: GatewayRequest, match: RouteMatch) => string | undefined;

const contextVariables: Readonly<Record<string, IdentitySource>> = {
  routeKey: (_, { route }) => route.routeKey,
  httpMethod: ({ method }) => method,
  path: ({ rawPath }) => rawPath,
  'identity.sourceIp': ({ sourceIp }) => sourceIp,
  'identity.userAgent': ({ headers }) => headers['user-agent'],
};

/** Understands a selection expression such as `$request.header.Authorization`. */
export function identitySource(expression: string): IdentitySource {
  const [, where, name = ''] =
    /^\$(request\.header|request\.querystring|context)\.(.+)$/.exec(expression) ?? [];
  if (where === 'request.header') return ({ headers }) => headers[name.toLowerCase()];
  if (where === 'request.querystring') return ({ query }) => query[name];
  const variable = where === 'context' ? contextVariables[name] : undefined;
  if (variable) return variable;
  throw new LocalFailure(`The identity source ${expression} is not known locally`);
}
