import type { Account, AccountStore } from '../../src/clients/account.ts';
import { maximumSessionKeys } from '../../src/clients/account.ts';

/** Accounts in memory, for unit tests that a database would only slow down. */
export function memoryAccountStore(): AccountStore {
  const accounts = new Map<string, Account>();
  const change = (mageId: string, changes: Partial<Account>) => {
    const account = accounts.get(mageId);
    if (account) accounts.set(mageId, { ...account, ...changes });
    return account !== undefined;
  };
  return {
    find: async (mageId) => accounts.get(mageId),
    async create(account) {
      if (accounts.has(account.mageId)) return false;
      accounts.set(account.mageId, account);
      return true;
    },
    async addSessionKey(mageId, clientId, now) {
      const account = accounts.get(mageId);
      if (!account) return 'unknown_account';
      const { sessionKeys } = account;
      if (Object.hasOwn(sessionKeys, clientId)) return 'added';
      if (Object.keys(sessionKeys).length >= maximumSessionKeys) return 'full';
      accounts.set(mageId, { ...account, sessionKeys: { ...sessionKeys, [clientId]: now } });
      return 'added';
    },
    async removeSessionKey(mageId, clientId) {
      const account = accounts.get(mageId);
      if (!account) return;
      const { [clientId]: _, ...sessionKeys } = account.sessionKeys;
      accounts.set(mageId, { ...account, sessionKeys });
    },
    disable: async (mageId, sessionGeneration) => change(mageId, { status: 'disabled', sessionGeneration }),
    enable: async (mageId) => change(mageId, { status: 'enabled' }),
  };
}
