import type { AccountStore } from '../../src/clients/account.ts';
import type { SessionOriginReader } from '../../src/sessions/session-verification.ts';
import type { MemoryClientStore } from './client-store.ts';

/** Session keys and accounts in memory, for unit tests that a database would only slow down. */
export const memorySessionOriginReader = (
  clients: MemoryClientStore,
  accounts: AccountStore,
): SessionOriginReader => ({
  find: async ({ clientId, account }) => ({
    sessionKey: (await clients.findNow(clientId)) ?? clients.remains(clientId),
    account: await accounts.find(account),
  }),
});
