import type { Session } from '../oauth/session.ts';
import type { SessionStore } from './session-store.ts';

/** Sessions in memory: for benchmarks, and for units that a database would only slow down. */
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
