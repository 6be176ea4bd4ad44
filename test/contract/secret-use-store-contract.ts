import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SecretUseStore } from '../../src/clients/secret-use.ts';

/** What every implementation of `SecretUseStore` does. */
export function secretUseStoreContract(
  implementation: string,
  makeStore: () => Promise<SecretUseStore>,
): void {
  describe(`secret use store: ${implementation}`, () => {
    test('knows the last use of each secret of each client', async () => {
      const store = await makeStore();
      assert.equal(await store.lastUse('c', 's1'), undefined);
      await store.recordUse('c', 's1', 10);
      await store.recordUse('c', 's2', 20);
      await store.recordUse('c', 's1', 30);
      assert.equal(await store.lastUse('c', 's1'), 30);
      assert.equal(await store.lastUse('c', 's2'), 20);
      assert.equal(await store.lastUse('d', 's1'), undefined);
    });
  });
}
