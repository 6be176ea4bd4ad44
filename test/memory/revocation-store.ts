import type { ClientStore } from '../../src/clients/client-store.ts';
import type { Client } from '../../src/clients/client.ts';
import type { RevocationStateReader } from '../../src/oauth/access-token-verification.ts';
import type { TokenRevoker } from '../../src/oauth/revocation.ts';
import { hashSessionToken } from '../../src/sessions/session-token.ts';
import type { SessionStore } from '../../src/sessions/session.ts';

/** Revocations in memory, for unit tests that a database would only slow down. */
export function memoryRevocationStore(
  clients: Pick<ClientStore, 'findNow'>,
  sessions: SessionStore,
  keyIds: () => readonly string[],
): TokenRevoker & RevocationStateReader {
  const revoked = new Set<string>();
  return {
    async revokeJwt(jti) {
      revoked.add(jti);
    },
    deleteSession: (token) => sessions.delete(hashSessionToken(token)),
    async find(tokens) {
      const found = new Map<string, Client>();
      for (const { clientId } of tokens) {
        const client = await clients.findNow(clientId);
        if (client) found.set(clientId, client);
      }
      return { clients: found, revoked, keyIds: keyIds() };
    },
  };
}
