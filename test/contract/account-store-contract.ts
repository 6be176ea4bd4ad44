import { describe, expect, test } from '@jest/globals';
import type { Account, AccountStore } from '../../src/clients/account.ts';

const accountOf = (mageId: string): Account => ({
  mageId,
  firstName: 'Ada',
  lastName: 'Byron',
  email: 'ada@example.com',
  screenName: 'ada',
  sessionKeys: {},
  createdAt: 1_800_000_000,
});

/** What every implementation of `AccountStore` does. */
export function accountStoreContract(implementation: string, makeStore: () => Promise<AccountStore>): void {
  describe(`account store: ${implementation}`, () => {
    test('creates an account once, and gives it back', async () => {
      const store = await makeStore();
      expect(await store.find('MAG1')).toBeUndefined();
      expect(await store.create(accountOf('MAG1'))).toBe(true);
      expect(await store.create({ ...accountOf('MAG1'), firstName: 'Eve' })).toBe(false);
      expect(await store.find('MAG1')).toStrictEqual(accountOf('MAG1'));
    });

    test('has three places for session keys, whoever comes at the same time', async () => {
      const store = await makeStore();
      await store.create(accountOf('MAG1'));
      const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
      const places = await Promise.all(ids.map((id) => store.addSessionKey('MAG1', id, 7)));
      expect(places.filter((place) => place === 'added').length).toBe(3);
      expect(places.filter((place) => place === 'full').length).toBe(3);
      const held = Object.keys((await store.find('MAG1'))?.sessionKeys ?? {}).toSorted();
      expect(held).toStrictEqual(ids.filter((_, index) => places[index] === 'added'));
    });

    test('a key takes one place however often it is added', async () => {
      const store = await makeStore();
      await store.create(accountOf('MAG1'));
      expect(await store.addSessionKey('MAG1', 'a', 7)).toBe('added');
      expect(await store.addSessionKey('MAG1', 'a', 7)).toBe('added');
      expect((await store.find('MAG1'))?.sessionKeys).toStrictEqual({ a: 7 });
    });

    test('gives back the place of the key that is named, and no other', async () => {
      const store = await makeStore();
      await store.create(accountOf('MAG1'));
      for (const id of ['a', 'b', 'c']) await store.addSessionKey('MAG1', id, 7);
      await Promise.all([store.removeSessionKey('MAG1', 'a'), store.removeSessionKey('MAG1', 'b')]);
      expect((await store.find('MAG1'))?.sessionKeys).toStrictEqual({ c: 7 });
      await store.removeSessionKey('MAG1', 'a');
      await store.removeSessionKey('nobody', 'a');
      expect(await store.addSessionKey('MAG1', 'd', 8)).toBe('added');
    });

    test('knows no account that was not created', async () => {
      const store = await makeStore();
      expect(await store.addSessionKey('MAG0', 'a', 7)).toBe('unknown_account');
      expect(await store.find('MAG0')).toBeUndefined();
    });
  });
}
