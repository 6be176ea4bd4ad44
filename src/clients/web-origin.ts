/**
 * The origin of a URL as browsers send it in `Origin` (RFC 6454 §6.2): the scheme and the host in lower case, and the
 * port unless it is the scheme's default. Undefined for a URL whose pages have no origin of their own, whose `Origin` is
 * `null`.
 */
export function webOrigin(url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { protocol, host, origin } = new URL(url);
  // A pattern and not a host: every string that is accepted stands for one origin.
  if (host.includes('*')) return undefined;
  if (protocol === 'https:' || protocol === 'http:') return origin;
  // Pages of browser extensions and of packaged apps, such as chrome-extension://… and capacitor://localhost
  return host === '' ? undefined : `${protocol}//${host}`;
}

/** Whether a string is an origin exactly as browsers send it. */
export const isWebOrigin = (origin: string): boolean => webOrigin(origin) === origin;
