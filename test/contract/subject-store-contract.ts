import { describe, expect, test } from '@jest/globals';
import type { SubjectKind, SubjectStore } from '../../src/clients/subject.ts';

/** What every implementation of `SubjectStore` does. */
export function subjectStoreContract(implementation: string, makeStore: () => Promise<SubjectStore>): void {
  describe(`subject store: ${implementation}`, () => {
    test.each<[SubjectKind, SubjectKind]>([
      ['client', 'account'],
      ['account', 'client'],
    ])('lets an id that is claimed for the kind %s stand for no %s', async (kind, other) => {
      const store = await makeStore();
      expect(await store.claim('id', kind)).toBe(true);
      expect(await store.claim('id', kind)).toBe(true);
      expect(await store.claim('id', other)).toBe(false);
      expect(await store.claim('another', other)).toBe(true);
    });

    test('lets an id stand for one kind, even if it is claimed for both concurrently', async () => {
      const store = await makeStore();
      const kinds = Array.from({ length: 8 }, (_, i): SubjectKind => (i % 2 === 0 ? 'client' : 'account'));
      const claimed = await Promise.all(kinds.map((kind) => store.claim('id', kind)));
      const holders = new Set(kinds.filter((_, i) => claimed[i]));
      expect(holders.size).toBe(1);
    });
  });
}
