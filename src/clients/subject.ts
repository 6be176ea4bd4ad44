/** What an id can stand for. */
export type SubjectKind = 'client' | 'account';

/**
 * The ids of clients and accounts together. Both are the subject of tokens, a client id of JWTs and a `mage_id` of
 * sessions, so that one id must never stand for both (RFC 9700 §4.15).
 */
export interface SubjectStore {
  /**
   * Claims an id for a kind, permanently: the tokens of a deleted client still name it. False if the id stands for the
   * other kind. The condition is one of the write itself, so that it holds under any concurrency.
   */
  claim(id: string, kind: SubjectKind): Promise<boolean>;
}
