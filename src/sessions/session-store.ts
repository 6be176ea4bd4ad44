import type { Session } from './session.ts';

/** Sessions by the hash of their token. */
export interface SessionStore {
  put(tokenHash: string, session: Session): Promise<void>;
  /** Finds a session that was just written, too. Its end is for the caller to check. */
  find(tokenHash: string): Promise<Session | undefined>;
  /** Nothing happens where there is none. */
  delete(tokenHash: string): Promise<void>;
}
