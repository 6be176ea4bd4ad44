import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ReplayStore } from '../../src/oauth/replay-store.ts';

/** What every implementation of `ReplayStore` does. */
export function replayStoreContract(implementation: string, makeStore: () => Promise<ReplayStore>): void {
  describe(`replay store: ${implementation}`, () => {
    test('is used first by one, whoever comes at the same time', async () => {
      const store = await makeStore();
      const uses = await Promise.all(Array.from({ length: 8 }, () => store.firstUse('proof', 100, 50)));
      assert.equal(uses.filter(Boolean).length, 1);
      assert.equal(await store.firstUse('other', 100, 50), true);
    });

    test('forgets at the second that it was told, whether or not the item is still there', async () => {
      const store = await makeStore();
      assert.equal(await store.firstUse('proof', 100, 50), true);
      assert.equal(await store.firstUse('proof', 200, 99), false);
      assert.equal(await store.firstUse('proof', 200, 100), true);
      assert.equal(await store.firstUse('proof', 300, 199), false);
    });
  });
}
