import { systemClock } from '../clock.ts';
import type { Environment } from '../env.ts';
import { verificationKeyFinder } from '../keys/published-key-set.ts';
import { accessTokens, parseAccessTokenType } from '../oauth/access-token-verification.ts';
import type { TokenKind, VerifiedAccessToken } from '../oauth/token-verification.ts';
import { dynamodbPublishedKeySetStore } from '../storage/published-key-set-store.ts';
import { dynamodbRevocationStateReader } from '../storage/revocation-state-reader.ts';
import type { StageResources } from './stage-resources.ts';

/** JWT access tokens. Their clients are read strongly consistent, so that a revocation takes effect at once. */
export const accessTokenKind = ({
  env,
  dynamodb,
}: Pick<StageResources, 'env' | 'dynamodb'> & {
  readonly env: Pick<Environment, 'ACCESS_TOKEN_TYPE'>;
}): TokenKind<VerifiedAccessToken> =>
  accessTokens({
    issuer: env.ISSUER,
    accessTokenType: parseAccessTokenType(env.ACCESS_TOKEN_TYPE),
    revocationStates: dynamodbRevocationStateReader(dynamodb, {
      clientsTable: env.CLIENTS_TABLE,
      sessionsTable: env.SESSIONS_TABLE,
    }),
    verificationKey: verificationKeyFinder(
      dynamodbPublishedKeySetStore(dynamodb, env.CLIENTS_TABLE),
      systemClock,
    ),
    clock: systemClock,
  });
