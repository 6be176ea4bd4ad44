import { maximumSessionKeys } from '../oauth/account.ts';
import type { Account } from '../oauth/account.ts';
import type { AccountStore } from './account-store.ts';

/** Accounts in memory: for units that a database would only slow down. */
export function memoryAccountStore(): AccountStore {
  const accounts = new Map<string, Account>();
  return {
    find: async (mageId) => accounts.get(mageId),
    async create(account) {
      if (accounts.has(account.mageId)) return false;
      accounts.set(account.mageId, account);
      return true;
    },
    async addSessionKey(mageId, clientId) {
      const account = accounts.get(mageId);
      if (!account) return 'unknown_account';
      if (account.sessionKeys.includes(clientId)) return 'added';
      if (account.sessionKeys.length >= maximumSessionKeys) return 'full';
      accounts.set(mageId, { ...account, sessionKeys: [...account.sessionKeys, clientId] });
      return 'added';
    },
    async removeSessionKey(mageId, clientId) {
      const account = accounts.get(mageId);
      if (!account) return;
      accounts.set(mageId, {
        ...account,
        sessionKeys: account.sessionKeys.filter((key) => key !== clientId),
      });
    },
  };
}
