import type { SubjectKind, SubjectStore } from '../../src/clients/subject.ts';

/** Ids in memory, for unit tests that a database would only slow down. */
export function memorySubjectStore(): SubjectStore {
  const kinds = new Map<string, SubjectKind>();
  return {
    async claim(id, kind) {
      if ((kinds.get(id) ?? kind) !== kind) return false;
      kinds.set(id, kind);
      return true;
    },
  };
}
