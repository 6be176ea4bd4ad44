import { describe, expect, test } from '@jest/globals';
import type { Account, AccountStore } from '../../src/clients/account.ts';
import { remainsOf } from '../../src/clients/client-record.ts';
import type { ClientStore } from '../../src/clients/client-store.ts';
import type { SessionOriginReader } from '../../src/sessions/session-verification.ts';
import { clientOf } from './client-store-contract.ts';

interface Stores {
  readonly clients: ClientStore;
  readonly accounts: AccountStore;
  readonly origins: SessionOriginReader;
}

const account: Account = {
  mageId: 'MAG1',
  firstName: 'Ada',
  lastName: 'Byron',
  email: 'ada@example.com',
  screenName: 'ada',
  sessionKeys: { AQ1: 7 },
  status: 'enabled',
  sessionGeneration: '',
  createdAt: 1_800_000_000,
};
const key = clientOf('AQ1', { account: 'MAG1' });
const session = { clientId: 'AQ1', account: 'MAG1' };

/** What every implementation of `SessionOriginReader` does. */
export function sessionOriginReaderContract(implementation: string, makeStores: () => Promise<Stores>): void {
  describe(`session origin reader: ${implementation}`, () => {
    test('finds neither in empty tables', async () => {
      const { origins } = await makeStores();
      expect(await origins.find(session)).toStrictEqual({ sessionKey: undefined, account: undefined });
    });

    test('finds the session key and the account as they are now', async () => {
      const { clients, accounts, origins } = await makeStores();
      await clients.create(key);
      await accounts.create(account);
      expect(await origins.find(session)).toStrictEqual({ sessionKey: key, account });
      await clients.replace({ ...key, status: 'disabled' });
      await accounts.disable('MAG1', 'g');
      const { sessionKey, account: disabled } = await origins.find(session);
      expect([sessionKey?.status, disabled?.status]).toStrictEqual(['disabled', 'disabled']);
    });

    test('finds what remains of a deleted session key', async () => {
      const { clients, origins } = await makeStores();
      await clients.create(key);
      const remains = remainsOf(key, 7_200, 1_800_000_000);
      await clients.delete(key, remains);
      expect((await origins.find(session)).sessionKey).toStrictEqual(remains);
    });
  });
}
