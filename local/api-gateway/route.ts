import type { Authorizer } from './authorizer.ts';
import type { MapResponse } from './response-parameters.ts';
import type { GatewayResponse } from './response.ts';

interface FunctionIntegration {
  readonly functionArn: string;
  /** Its `ResponseParameters`. */
  readonly mapResponse?: MapResponse | undefined;
}

/** Where a route's requests go: to a function, or nowhere, if the function does not run on this machine. */
export type Integration = FunctionIntegration | { readonly unavailable: GatewayResponse };

export interface Route {
  /** `GET /orders/{id}`, `ANY /{proxy+}` or `$default`. */
  readonly routeKey: string;
  readonly integration: Integration;
  readonly authorizer: Authorizer | undefined;
  /** Scopes of which a JWT must have one. */
  readonly scopes: readonly string[];
}

export interface RouteMatch {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/** Parts of a route key: `$default` has no method and no path. */
export function partsOf(routeKey: string): { readonly method: string; readonly path: string } | undefined {
  const [, method, path] = /^([A-Z]+) (\/.*)$/.exec(routeKey) ?? [];
  return method !== undefined && path !== undefined ? { method, path } : undefined;
}

/** The most specific route for a request: a literal segment beats `{name}`, which beats `{name+}`. */
export function matchRoute(routes: Iterable<Route>, method: string, path: string): RouteMatch | undefined {
  let best: (RouteMatch & { rank: string }) | undefined;
  for (const route of routes) {
    const matched = match(route, method, path);
    if (matched && (!best || matched.rank < best.rank)) best = { route, ...matched };
  }
  return best && { route: best.route, pathParameters: best.pathParameters };
}

const ranks = { literal: '0', parameter: '1', greedy: '2', default: '3' } as const;

/** A rank that sorts before those of less specific routes: a digit for each segment, then the method. */
function match(route: Route, method: string, path: string) {
  const parts = partsOf(route.routeKey);
  if (!parts) return { pathParameters: {}, rank: ranks.default };
  if (parts.method !== method && parts.method !== 'ANY') return undefined;

  const pathParameters: Record<string, string> = {};
  let rank = '';
  const wanted = parts.path.split('/').slice(1);
  const given = path.split('/').slice(1);
  for (const [index, segment] of wanted.entries()) {
    const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(segment) ?? [];
    const value = given[index];
    if (value === undefined) return undefined;
    if (name === undefined) {
      if (segment !== value) return undefined;
      rank += ranks.literal;
    } else if (greedy) {
      pathParameters[name] = decodeURIComponent(given.slice(index).join('/'));
      return { pathParameters, rank: `${rank}${ranks.greedy}` };
    } else {
      if (value === '') return undefined;
      pathParameters[name] = decodeURIComponent(value);
      rank += ranks.parameter;
    }
  }
  if (given.length !== wanted.length) return undefined;
  return { pathParameters, rank: `${rank}${parts.method === 'ANY' ? ranks.parameter : ranks.literal}` };
}
