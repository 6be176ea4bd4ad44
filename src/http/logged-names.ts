import type { LogFields } from '../log.ts';
import type { VerifiedToken } from '../oauth/token-verification.ts';

/** What names a token in the log. */
export const loggedNames = (
  token: VerifiedToken,
): Pick<LogFields, 'tokenKind' | 'sessionId' | 'jti' | 'kid'> =>
  token.kind === 'session'
    ? { tokenKind: token.kind, sessionId: token.sessionId }
    : { tokenKind: token.kind, jti: token.jti, kid: token.keyId };
