import { describe, expect, test } from '@jest/globals';
import type { Account, AccountStore } from '../../src/clients/account.ts';

const accountOf = (mageId: string): Account => ({
  mageId,
  firstName: 'Ada',
  lastName: 'Byron',
  email: 'ada@example.com',
  screenName: 'ada',
  sessionKeys: {},
  status: 'enabled',
  sessionGeneration: '',
  createdAt: 1_800_000_000,
});

/** What every implementation of `AccountStore` does. */
export function accountStoreContract(implementation: string, makeStore: () => Promise<AccountStore>): void {
  describe(`account store: ${implementation}`, () => {
    test('creates an account once, and finds it', async () => {
      const store = await makeStore();
      expect(await store.find('MAG1')).toBeUndefined();
      expect(await store.create(accountOf('MAG1'))).toBe(true);
      expect(await store.create({ ...accountOf('MAG1'), firstName: 'Eve' })).toBe(false);
      expect(await store.find('MAG1')).toStrictEqual(accountOf('MAG1'));
    });

    test('adds at most three session keys, even concurrently', async () => {
      const store = await makeStore();
      await store.create(accountOf('MAG1'));
      const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
      const places = await Promise.all(ids.map((id) => store.addSessionKey('MAG1', id, 7)));
      expect(places.filter((place) => place === 'added').length).toBe(3);
      expect(places.filter((place) => place === 'full').length).toBe(3);
      const held = Object.keys((await store.find('MAG1'))?.sessionKeys ?? {}).toSorted();
      expect(held).toStrictEqual(ids.filter((_, index) => places[index] === 'added'));
    });

    test('adds a session key once, however often it is added', async () => {
      const store = await makeStore();
      await store.create(accountOf('MAG1'));
      expect(await store.addSessionKey('MAG1', 'a', 7)).toBe('added');
      expect(await store.addSessionKey('MAG1', 'a', 7)).toBe('added');
      expect((await store.find('MAG1'))?.sessionKeys).toStrictEqual({ a: 7 });
    });

    test('frees the place of a removed session key, and no other', async () => {
      const store = await makeStore();
      await store.create(accountOf('MAG1'));
      for (const id of ['a', 'b', 'c']) await store.addSessionKey('MAG1', id, 7);
      await Promise.all([store.removeSessionKey('MAG1', 'a'), store.removeSessionKey('MAG1', 'b')]);
      expect((await store.find('MAG1'))?.sessionKeys).toStrictEqual({ c: 7 });
      await store.removeSessionKey('MAG1', 'a');
      await store.removeSessionKey('nobody', 'a');
      expect(await store.addSessionKey('MAG1', 'd', 8)).toBe('added');
    });

    test('disables an account with a new generation of sessions, and enables it without another', async () => {
      const store = await makeStore();
      await store.create(accountOf('MAG1'));
      await store.addSessionKey('MAG1', 'a', 7);
      expect(await store.disable('MAG1', 'g')).toBe(true);
      const disabled = { ...accountOf('MAG1'), sessionKeys: { a: 7 }, sessionGeneration: 'g' };
      expect(await store.find('MAG1')).toStrictEqual({ ...disabled, status: 'disabled' });
      expect(await store.enable('MAG1')).toBe(true);
      expect(await store.find('MAG1')).toStrictEqual(disabled);
    });

    test('neither disables nor enables an unknown account', async () => {
      const store = await makeStore();
      expect(await store.disable('MAG0', 'g')).toBe(false);
      expect(await store.enable('MAG0')).toBe(false);
      expect(await store.find('MAG0')).toBeUndefined();
    });

    test('adds no session key to an unknown account', async () => {
      const store = await makeStore();
      expect(await store.addSessionKey('MAG0', 'a', 7)).toBe('unknown_account');
      expect(await store.find('MAG0')).toBeUndefined();
    });
  });
}
