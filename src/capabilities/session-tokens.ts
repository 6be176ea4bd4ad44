import { systemClock } from '../clock.ts';
import type { TokenKind, VerifiedSessionToken } from '../oauth/token-verification.ts';
import { sessionTokens } from '../sessions/session-verification.ts';
import { dynamodbSessionOriginReader } from '../storage/session-origin-reader.ts';
import { dynamodbSessionStore } from '../storage/session-store.ts';
import type { StageResources } from './stage-resources.ts';

/** Session tokens. Their clients and accounts are read strongly consistent, so that a revocation takes effect at once. */
export const sessionTokenKind = ({
  env,
  dynamodb,
  hashKeys,
}: Pick<StageResources, 'env' | 'dynamodb' | 'hashKeys'>): TokenKind<VerifiedSessionToken> =>
  sessionTokens({
    sessions: dynamodbSessionStore(dynamodb, env.SESSIONS_TABLE),
    origins: dynamodbSessionOriginReader(dynamodb, env.CLIENTS_TABLE),
    tagKey: async () => (await hashKeys()).sessionToken,
    clock: systemClock,
  });
