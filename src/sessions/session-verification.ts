import type { KeyObject } from 'node:crypto';
import type { ClientStore } from '../clients/client-store.ts';
import type { Clock } from '../clock.ts';
import { clientRevocationReason, invalidToken } from '../oauth/token-verification.ts';
import type { TokenKind } from '../oauth/token-verification.ts';
import { ok } from '../result.ts';
import { hashSessionToken, isSessionTokenForm, verifySessionTokenTag } from './session-token.ts';
import type { SessionStore } from './session.ts';

interface SessionVerificationOptions {
  readonly sessions: Pick<SessionStore, 'find'>;
  /** Read strongly consistent, so that the sessions of a disabled client are refused at once. */
  readonly clients: Pick<ClientStore, 'findNow'>;
  /** `HashKeys.sessionToken` */
  readonly tagKey: () => Promise<KeyObject>;
  readonly clock: Clock;
}

/** Session tokens as a kind of token that `tokenVerification` accepts. */
export const sessionTokens = ({
  sessions,
  clients,
  tagKey,
  clock,
}: SessionVerificationOptions): TokenKind => ({
  hasForm: isSessionTokenForm,

  async recognize(token) {
    if (!verifySessionTokenTag(await tagKey(), token)) return invalidToken('wrong_tag');
    const sessionId = hashSessionToken(token);
    const session = await sessions.find(sessionId);
    if (!session) return invalidToken('unknown_session');
    // DynamoDB deletes an expired item days late.
    if (clock() >= session.expiresAt) return invalidToken('expired', session.clientId);
    return ok({ kind: 'session', sessionId, subject: session.account, ...session, claims: {} });
  },

  revocationReason: async ({ clientId, issuedAt }) =>
    clientRevocationReason(await clients.findNow(clientId), issuedAt),
});
