/** Whether two URIs are equal without query and fragment, after normalization (RFC 9449 §4.3, item 9). */
export function isSameHttpUri(one: string, other: string): boolean {
  const normalized = normalizedHttpUri(one);
  return normalized !== undefined && normalized === normalizedHttpUri(other);
}

/**
 * Characters of an http URI (RFC 3986 §2), with a host and without user information. `URL` alone would also accept
 * backslashes, blanks and a missing host, and would interpret each of them.
 */
const httpUri = /^https?:\/\/[\w.~!$&'()*+,;=:%[\]-]+(?:[/?#][\w.~:/?#[\]@!$&'()*+,;=%-]*)?$/i;

/** `uri` after syntax- and scheme-based normalization (RFC 3986 §6.2.2, §6.2.3), without query and fragment. */
export function normalizedHttpUri(uri: string): string | undefined {
  if (!httpUri.test(uri) || !URL.canParse(uri)) return undefined;
  // `URL` normalizes the case of scheme and host, the default port, the empty path and dot segments.
  const { origin, pathname } = new URL(uri);
  try {
    // API Gateway hands over a decoded path. Nothing behind it can tell what was encoded, so both are decoded.
    return origin + decodeURIComponent(pathname);
  } catch {
    return undefined;
  }
}
