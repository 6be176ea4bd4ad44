/** What an `Authorization: Basic` header may mean: each reading of it that a client may have intended. */
export interface BasicCredentials {
  /** One id, or two where the form-decoded one differs. */
  readonly ids: readonly string[];
  /** One secret, or two where the form-decoded one differs; an empty secret is none. */
  readonly secrets: readonly string[];
}

const basicScheme = /^basic +([A-Za-z0-9+/]+={0,2})$/i;

/** True for any header of the Basic scheme, well-formed or not; the scheme has no case (RFC 9110 §11.1). */
export const triesBasic = (authorization: string | undefined): boolean =>
  authorization !== undefined && /^basic(?: |$)/i.test(authorization);

/**
 * Parses HTTP Basic (RFC 7617 §2): the user name ends at the first colon. RFC 6749 §2.3.1 wants both parts
 * form-encoded, which some clients do and others do not, so both readings are kept.
 */
export function parseBasic(authorization: string): BasicCredentials | undefined {
  const encoded = basicScheme.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  return { ids: readings(text.slice(0, colon)), secrets: readings(text.slice(colon + 1)) };
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
