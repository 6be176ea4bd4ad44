import type { Session, SessionStore } from '../../src/sessions/session.ts';

/** Sessions in memory, for benchmarks and for unit tests that a database would only slow down. */
export function memorySessionStore(): SessionStore {
  const sessions = new Map<string, Session>();
  return {
    async put(tokenHash, session) {
      sessions.set(tokenHash, session);
    },
    find: async (tokenHash) => sessions.get(tokenHash),
    async delete(tokenHash) {
      sessions.delete(tokenHash);
    },
  };
}
