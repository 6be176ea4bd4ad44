import { matchClientSecret } from '../../clients/client-secret.ts';
import { parseBasic, triesBasic } from '../basic-credentials.ts';
import type { ClientAuthenticationMethod } from '../client-authentication.ts';

const prove: ClientAuthenticationMethod['prove'] = async ({ credentials }, client, { secretKey, clock }) => {
  const secret = matchClientSecret(await secretKey(), client, credentials, clock());
  return secret ? { proven: true, secretId: secret.id } : { proven: false, reason: 'wrong_secret' };
};

/** `client_secret_basic`: HTTP Basic (RFC 6749 §2.3.1). */
export const clientSecretBasic: ClientAuthenticationMethod = {
  present({ authorization }) {
    if (authorization === undefined || !triesBasic(authorization)) return undefined;
    const basic = parseBasic(authorization);
    if (!basic) return { ids: [], credentials: [] };
    // `id:` with an empty secret is how some libraries send a public client: `none` takes it.
    return basic.secrets.length === 0 ? undefined : { ids: basic.ids, credentials: basic.secrets };
  },
  prove,
};

/** `client_secret_post`: id and secret in the body (RFC 6749 §2.3.1). */
export const clientSecretPost: ClientAuthenticationMethod = {
  present({ authorization, client_id, client_secret, client_assertion }) {
    if (client_secret === undefined) return undefined;
    // A secret in the body beside Basic or an assertion is a second method, whether an id comes with it or not.
    if (client_id === undefined && !triesBasic(authorization) && client_assertion === undefined)
      return undefined;
    return { ids: client_id === undefined ? [] : [client_id], credentials: [client_secret] };
  },
  prove,
};
