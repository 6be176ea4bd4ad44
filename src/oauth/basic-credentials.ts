/** The content of an `Authorization: Basic` header, in every reading that the client may have meant. */
export interface BasicCredentials {
  /** One id, or two if the form-decoded one differs. */
  readonly ids: readonly string[];
  /** One secret, or two if the form-decoded one differs. An empty secret counts as none. */
  readonly secrets: readonly string[];
}

const basicScheme = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** Whether a header uses the Basic scheme, well-formed or not. Schemes are case-insensitive (RFC 9110 §11.1). */
export const isBasicScheme = (authorization: string | undefined): boolean =>
  authorization !== undefined && /^basic(?: |$)/i.test(authorization);

/**
 * Parses HTTP Basic (RFC 7617 §2): the user name ends at the first colon. RFC 6749 §2.3.1 demands that both parts
 * are form-encoded. Some clients do that and others do not, so both readings are returned.
 */
export function parseBasicCredentials(authorization: string): BasicCredentials | undefined {
  const encoded = basicScheme.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const decoded = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  if (colon < 1) return undefined;
  return { ids: readings(decoded.slice(0, colon)), secrets: readings(decoded.slice(colon + 1)) };
}

function readings(raw: string): readonly string[] {
  if (raw === '') return [];
  if (!/[%+]/.test(raw)) return [raw];
  try {
    const decoded = decodeURIComponent(raw.replaceAll('+', ' '));
    return decoded === raw ? [raw] : [raw, decoded];
  } catch {
    return [raw];
  }
}
