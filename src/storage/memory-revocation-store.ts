import type { ClientReader } from '../oauth/client-authentication.ts';
import type { TokenRevoker } from '../oauth/revocation.ts';
import type { JwtStateReader } from '../oauth/token-verification.ts';
import type { SessionStore } from './session-store.ts';

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
    find: async (clientId, jti) => ({
      client: await clients.find(clientId),
      revoked: revoked.has(jti),
      keyIds: keyIds(),
    }),
  };
}
