import { describe, expect, test } from '@jest/globals';
import type { Session, SessionStore } from '../../src/sessions/session.ts';

export const sessionOf = (issuedAt: number): Session => ({
  clientId: 'c',
  secretId: 's1',
  account: 'MAG1',
  sessionGeneration: 'g',
  scope: 'a b',
  issuedAt,
  expiresAt: 9,
});

/** What every implementation of `SessionStore` does. */
export function sessionStoreContract(implementation: string, makeStore: () => Promise<SessionStore>): void {
  describe(`session store: ${implementation}`, () => {
    test('finds a session by the hash of its token as soon as it is stored', async () => {
      const store = await makeStore();
      const session = sessionOf(1);
      await store.put('hash', session);
      expect(await store.find('hash')).toStrictEqual(session);
      expect(await store.find('other')).toBeUndefined();
    });

    test('finds no deleted session, and accepts a repeated deletion', async () => {
      const store = await makeStore();
      await store.put('hash', sessionOf(1));
      await store.delete('hash');
      await store.delete('hash');
      expect(await store.find('hash')).toBeUndefined();
    });

    test('stores many sessions of one client', async () => {
      const store = await makeStore();
      const hashes = Array.from({ length: 20 }, (_, i) => `hash${i}`);
      await Promise.all(hashes.map((hash, i) => store.put(hash, sessionOf(i))));
      const found = await Promise.all(hashes.map((hash) => store.find(hash)));
      expect(found).toStrictEqual(hashes.map((_, i) => sessionOf(i)));
    });
  });
}
