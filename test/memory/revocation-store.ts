import type { Client } from '../../src/clients/client.ts';
import type { ClientReader } from '../../src/oauth/client-authentication.ts';
import type { TokenRevoker } from '../../src/oauth/revocation.ts';
import type { JwtStateReader } from '../../src/oauth/token-verification.ts';
import type { SessionStore } from '../../src/sessions/session-store.ts';

/** Revocations in memory: for units that a database would only slow down. */
export function memoryRevocationStore(
  clients: ClientReader,
  sessions: SessionStore,
  keyIds: () => readonly string[],
): TokenRevoker & JwtStateReader {
  const revoked = new Set<string>();
  return {
    async revokeJwt(jti) {
      revoked.add(jti);
    },
    endSession: (tokenHash) => sessions.delete(tokenHash),
    async find(tokens) {
      const found = new Map<string, Client>();
      for (const { clientId } of tokens) {
        const client = await clients.find(clientId);
        if (client) found.set(clientId, client);
      }
      return { clients: found, revoked, keyIds: keyIds() };
    },
  };
}
