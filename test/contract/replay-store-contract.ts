import { describe, expect, test } from '@jest/globals';
import type { ReplayStore } from '../../src/oauth/replay-store.ts';

/** What every implementation of `ReplayStore` does. */
export function replayStoreContract(implementation: string, makeStore: () => Promise<ReplayStore>): void {
  describe(`replay store: ${implementation}`, () => {
    test('accepts one first use of a value, even concurrently', async () => {
      const store = await makeStore();
      const uses = await Promise.all(Array.from({ length: 8 }, () => store.firstUse('proof', 100, 50)));
      expect(uses.filter(Boolean).length).toBe(1);
      expect(await store.firstUse('other', 100, 50)).toBe(true);
    });

    test('accepts a value again from the second of its expiry, whether or not the item still exists', async () => {
      const store = await makeStore();
      expect(await store.firstUse('proof', 100, 50)).toBe(true);
      expect(await store.firstUse('proof', 200, 99)).toBe(false);
      expect(await store.firstUse('proof', 200, 100)).toBe(true);
      expect(await store.firstUse('proof', 300, 199)).toBe(false);
    });
  });
}
