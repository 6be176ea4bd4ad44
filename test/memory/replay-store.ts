import type { ReplayStore } from '../../src/oauth/replay-store.ts';

/** Uses in memory, for unit tests that a database would only slow down. */
export function memoryReplayStore(): ReplayStore {
  const uses = new Map<string, number>();
  return {
    async firstUse(hash, expiresAt, now) {
      if ((uses.get(hash) ?? -Infinity) > now) return false;
      uses.set(hash, expiresAt);
      return true;
    },
  };
}
