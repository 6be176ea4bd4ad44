import type { KeyObject } from 'node:crypto';
import type { Account } from '../clients/account.ts';
import type { DeletedSessionKey } from '../clients/client-record.ts';
import type { Client } from '../clients/client.ts';
import type { Clock } from '../clock.ts';
import { clientRevocationReason, invalidToken, tokenKind } from '../oauth/token-verification.ts';
import type { TokenKind, VerifiedSessionToken } from '../oauth/token-verification.ts';
import { ok } from '../result.ts';
import { hashSessionToken, isSessionTokenForm, verifySessionTokenTag } from './session-token.ts';
import type { Session, SessionStore } from './session.ts';

/** What may end a session, from one round trip to the database. */
interface SessionOrigin {
  /** The session key that opened it, or what remains of that key. */
  readonly sessionKey: Client | DeletedSessionKey | undefined;
  readonly account: Account | undefined;
}

export interface SessionOriginReader {
  /** Strongly consistent, so that the sessions of a disabled key or account are refused at once. */
  find(session: Pick<Session, 'clientId' | 'account'>): Promise<SessionOrigin>;
}

interface SessionVerificationOptions {
  readonly sessions: Pick<SessionStore, 'find'>;
  readonly origins: SessionOriginReader;
  /** `HashKeys.sessionToken` */
  readonly tagKey: () => Promise<KeyObject>;
  readonly clock: Clock;
}

/** Session tokens as a kind of token that `tokenVerification` accepts. */
export const sessionTokens = ({
  sessions,
  origins,
  tagKey,
  clock,
}: SessionVerificationOptions): TokenKind<VerifiedSessionToken> =>
  tokenKind<VerifiedSessionToken>({
    hasForm: isSessionTokenForm,

    async recognize(token) {
      if (!verifySessionTokenTag(await tagKey(), token)) return invalidToken('wrong_tag');
      const sessionId = hashSessionToken(token);
      const session = await sessions.find(sessionId);
      if (!session) return invalidToken('unknown_session');
      // DynamoDB deletes an expired item days late.
      if (clock() >= session.expiresAt) return invalidToken('expired', session);
      const { clientId, tokenGeneration, account, sessionGeneration, secretId, scope, issuedAt, expiresAt } =
        session;
      return ok({
        kind: 'session',
        sessionId,
        clientId,
        tokenGeneration,
        subject: account,
        account,
        sessionGeneration,
        secretId,
        scope,
        issuedAt,
        expiresAt,
      });
    },

    async revocationReason(token) {
      const { sessionKey, account } = await origins.find(token);
      if (!account) return 'unknown_account';
      if (account.status === 'disabled') return 'account_disabled';
      if (account.sessionGeneration !== token.sessionGeneration) return 'account_was_disabled';
      // The sessions of a deleted key go on, unless they were revoked before or with it.
      return sessionKey?.status === 'deleted'
        ? clientRevocationReason({ ...sessionKey, status: 'enabled' }, token)
        : clientRevocationReason(sessionKey, token);
    },
  });
