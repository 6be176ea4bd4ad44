import { isBasicScheme, parseBasicCredentials } from '../basic-credentials.ts';
import type { ClientAuthenticationMethod } from './method.ts';

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
