import { describe, expect, test } from '@jest/globals';
import type { SecretUseStore } from '../../src/clients/secret-use.ts';

/** What every implementation of `SecretUseStore` does. */
export function secretUseStoreContract(
  implementation: string,
  makeStore: () => Promise<SecretUseStore>,
): void {
  describe(`secret use store: ${implementation}`, () => {
    test('returns the last use of each secret of each client', async () => {
      const store = await makeStore();
      expect(await store.lastUse('c', 's1')).toBeUndefined();
      await store.recordUse('c', 's1', 10);
      await store.recordUse('c', 's2', 20);
      await store.recordUse('c', 's1', 30);
      expect(await store.lastUse('c', 's1')).toBe(30);
      expect(await store.lastUse('c', 's2')).toBe(20);
      expect(await store.lastUse('d', 's1')).toBeUndefined();
    });
  });
}
