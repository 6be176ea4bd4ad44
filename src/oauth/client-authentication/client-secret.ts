import { matchClientSecret } from '../../clients/client-secret.ts';
import { isBasicScheme, parseBasicCredentials } from '../basic-credentials.ts';
import type { ClientAuthenticationMethod } from './method.ts';

const verify: ClientAuthenticationMethod['verify'] = async (
  { credentials },
  client,
  { secretKey, clock },
) => {
  const secret = matchClientSecret(await secretKey(), client, credentials, clock());
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
