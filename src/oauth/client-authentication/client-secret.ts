import { matchClientSecret } from '../../clients/client-secret.ts';
import type { ClientAuthenticationMethod } from './method.ts';

const verify: ClientAuthenticationMethod['verify'] = async (
  { credentials },
  client,
  { secretHashKey, clock },
) => {
  const secret = matchClientSecret(await secretHashKey(), client, credentials, clock());
  return secret ? { verified: true, secretId: secret.id } : { verified: false, reason: 'wrong_secret' };
};

/** `client_secret_basic`: HTTP Basic (RFC 6749 §2.3.1). */
export const clientSecretBasic: ClientAuthenticationMethod = {
  present({ authorization }) {
    if (authorization === undefined || !isBasicScheme(authorization)) return undefined;
    const basic = parseBasicCredentials(authorization);
    if (!basic) return { ids: [], credentials: [] };
    // Some libraries send `id:` with an empty secret for a public client. That is the method `none`.
    return basic.secrets.length === 0 ? undefined : { ids: basic.ids, credentials: basic.secrets };
  },
  verify,
};

/** `client_secret_post`: id and secret in the body (RFC 6749 §2.3.1). */
export const clientSecretPost: ClientAuthenticationMethod = {
  present({ authorization, client_id, client_secret, client_assertion }) {
    if (client_secret === undefined) return undefined;
    // A secret in the body besides Basic or an assertion is a second method, with or without a client_id.
    if (client_id === undefined && !isBasicScheme(authorization) && client_assertion === undefined) {
      return undefined;
    }
    return { ids: client_id === undefined ? [] : [client_id], credentials: [client_secret] };
  },
  verify,
};

/** `none`: a public client identifies itself without credentials (RFC 6749 §2.1, §3.2.1). */
export const none: ClientAuthenticationMethod = {
  present({ authorization, client_id, client_secret, client_assertion }) {
    if (isBasicScheme(authorization)) {
      const basic = parseBasicCredentials(authorization ?? '');
      return basic && basic.secrets.length === 0 ? { ids: basic.ids, credentials: [] } : undefined;
    }
    if (client_id === undefined || client_secret !== undefined || client_assertion !== undefined) {
      return undefined;
    }
    return { ids: [client_id], credentials: [] };
  },
  verify: async () => ({ verified: true }),
};

/** The content of an `Authorization: Basic` header, in every reading that the client may have meant. */
interface BasicCredentials {
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
function parseBasicCredentials(authorization: string): BasicCredentials | undefined {
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
