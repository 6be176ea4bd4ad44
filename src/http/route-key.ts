/** The path of a route key such as `GET /orders/{id}`; that of `$default` is empty. */
export const routePath = (routeKey: string): string => /^[A-Z]+ (\/.*)$/.exec(routeKey)?.[1] ?? '';

interface RoutedCall {
  readonly routeKey: string;
  /** Decoded, as an HTTP API passes it on. */
  readonly rawPath: string;
}

/**
 * The URL that a caller used, from the issuer and not from a header, which anyone may set (RFC 9700 §4.13). If the issuer
 * has a path, it is the base path with which a domain is mapped to the API, and the raw path may begin with it.
 */
export function calledUrl(issuer: string, { routeKey, rawPath }: RoutedCall): string {
  const { origin, pathname } = new URL(issuer);
  const basePath = pathname === '/' ? '' : pathname;
  // A route of its own may begin with the same segments.
  const ownPath = routePath(routeKey).startsWith(`${basePath}/`) ? basePath : '';
  const hasBasePath = rawPath.startsWith(`${basePath}${ownPath}/`);
  return (hasBasePath ? origin : issuer) + encodedPath(rawPath);
}

const encodedPath = (rawPath: string) => rawPath.split('/').map(encodeURIComponent).join('/');
